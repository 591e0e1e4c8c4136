import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSite } from '../../src/log/redis/address.ts'
import { refusalText } from '../../src/log/redis/client.ts'

describe('Redis URLs', () => {
  it('name one server, Sentinels or a Cluster', () => {
    const access = {
      tls: false,
      username: undefined,
      password: undefined,
      database: 0,
    }
    assert.deepEqual(parseSite(['redis://10.0.0.1']), {
      kind: 'single',
      name: '',
      access,
      servers: [{ host: '10.0.0.1', port: 6379 }],
    })
    assert.deepEqual(parseSite(['redis+sentinel://a/main', 'redis+sentinel://[fd00::1]:5000/main']), {
      kind: 'sentinel',
      name: 'main',
      access,
      servers: [
        { host: 'a', port: 26_379 },
        { host: 'fd00::1', port: 5_000 },
      ],
    })
    assert.equal(parseSite(['redis+cluster://a:80']).servers[0]?.port, 80)
  })

  it('carry user, password, database and TLS', () => {
    const { access } = parseSite(['rediss://weft:p%40ss%2F@redis.example.org:6380/3'])
    assert.deepEqual(access, {
      tls: true,
      username: 'weft',
      password: 'p@ss/',
      database: 3,
    })
  })

  it('are refused where they cannot be meant, without their passwords in the message', () => {
    for (const urls of [
      [],
      ['http://a'],
      ['redis://'],
      ['redis://a/main'],
      ['redis://a', 'redis://b'],
      ['redis+sentinel://:s3cret@a'],
      ['redis+sentinel://a/one', 'redis+sentinel://b/two'],
      ['redis+cluster://:s3cret@a', 'redis+cluster://b'],
      ['redis+cluster://a/1'],
      ['redis://u:s3cret%zz@a'],
      ['redis://a/%zz'],
      ['redis://a?password=s3cret'],
      ['redis://u:1#s3cret@a'],
      ['redis://u:1/s3cret@a'],
      ['redis+sentinel://a/main#s3cret'],
    ]) {
      assert.throws(
        () => parseSite(urls),
        (error: Error) =>
          'code' in error &&
          error.code === 'invalid-config' &&
          !/s3cret/.test(`${error.message} ${'advice' in error && error.advice}`),
        String(urls),
      )
    }
  })
})

describe('What a Redis server says no with', () => {
  const said = (message: string) => refusalText(new Error(message))

  it('is a sentence of ours, or its first words, and never what was sent to it', () => {
    assert.match(said('BUSY Redis is busy running a script.'), /SCRIPT KILL/)
    assert.match(said('NOREPLICAS Not enough good replicas to write.'), /min-replicas-to-write/)
    assert.equal(
      said('ERR max number of clients reached'),
      'The Redis server refuses: ERR max number of clients reached.',
    )
    assert.equal(
      said("ERR unknown command 'AUTH', with args beginning with: 's3cret' "),
      'The Redis server refuses: ERR unknown command.',
    )
    assert.equal(said('DENIED s3cret'), 'The Redis server refuses: DENIED.')
  })

  it('is not what could not be sent to it', () => {
    const unsent = "Stream isn't writeable and enableOfflineQueue options is false"
    assert.equal(said(unsent), 'The connection to the Redis server is gone.')
  })
})
