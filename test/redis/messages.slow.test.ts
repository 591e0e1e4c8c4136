import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer as createPlain, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { parseSite } from '../../src/log/redis/address.ts'
import { connectTo } from '../../src/log/redis/client.ts'
import { keysOf } from '../../src/log/redis/keys.ts'
import { Link } from '../../src/log/redis/link.ts'
import { RedisLog } from '../../src/log/redis/log.ts'
import { locate } from '../../src/log/redis/place.ts'
import { FaultProxy } from '../chaos/proxy.ts'
import { weft } from '../cli/fixture.ts'
import { scratch } from '../log/fixture.ts'
import { eventually } from '../rig.ts'
import { RedisServer } from './server.ts'
import { type RedisSite, startSingle } from './site.ts'
import { optionsFor } from './writers.ts'

describe('Who cannot get at a log on Redis', () => {
  let site: RedisSite & { readonly server: RedisServer }
  before(async () => {
    site = await startSingle()
  })
  after(() => site?.[Symbol.asyncDispose]())

  const connect = async (url: string) => {
    const { access, servers } = parseSite([url])
    const [server] = servers
    assert.ok(server)
    const client = await connectTo(server, access)
    await client.info().finally(() => client.disconnect())
  }

  it('is told why nobody answers', async () => {
    const wrong = { code: 'store-unavailable' } as const
    await assert.rejects(connect('redis://127.0.0.1:1'), {
      ...wrong,
      message: /:1 .*: nothing listens there/,
    })
    await assert.rejects(connect('redis://nowhere.invalid'), {
      ...wrong,
      message: /no host of this name|looked up/,
    })
    await using plain = await listening(
      createPlain((socket) => socket.on('error', () => undefined).end('-ERR\r\n')),
    )
    await assert.rejects(connect(`rediss://127.0.0.1:${plain.port}`), {
      ...wrong,
      message: /does not speak TLS/,
    })
  })

  it('is told of TLS by a connection that closes at once, and not by one that breaks in use', async () => {
    await using proxy = await FaultProxy.to(site.server.port)
    const { access, servers } = parseSite([`redis://127.0.0.1:${proxy.port}`])
    const [primary] = servers
    assert.ok(primary)
    const place = { ...(await locate(parseSite(site.urls), 't')), primary }
    const open = () => Link.open(place, { access, keys: keysOf('test'), writer: 'w' })
    using link = await open()
    proxy.replies = { kind: 'kill' }
    await assert.rejects(link.status(), { message: /it closed the connection\.$/, advice: undefined })
    await assert.rejects(open(), { message: /it closed the connection\.$/, advice: /rediss/ })
  })

  it('is told that a certificate is not trusted, and how it will be', async () => {
    await using dir = await scratch()
    const [key, cert] = [join(dir.path, 'key.pem'), join(dir.path, 'cert.pem')]
    const making = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const subject = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert]
    await promisify(execFile)('openssl', [...making, ...subject])
    const identity = { key: await readFile(key), cert: await readFile(cert) }
    await using server = await listening(createServer(identity))
    await assert.rejects(connect(`rediss://localhost:${server.port}`), {
      message: /certificate was not signed by an authority that is known here/,
      advice: /NODE_EXTRA_CA_CERTS/,
    })
  })

  it('is told that a server is no Sentinel, no Cluster, or a replica, and of whom', async () => {
    const { place } = site.server
    await assert.rejects(locate(parseSite([`redis+sentinel://${place}/weft`]), 't'), /: one is no Sentinel/)
    await assert.rejects(
      locate(parseSite([`redis+cluster://${place}`]), 't'),
      /: one is a server without Cluster/,
    )
    await assert.rejects(locate(parseSite(['redis+cluster://127.0.0.1:1']), 't'), /: .*nothing listens there/)
    await using replica = await RedisServer.start({ replicaof: site.server.place.replace(':', ' ') })
    const options = optionsFor(site, 'test', { urls: [`redis://${replica.place}`] })
    const message = `The Redis server ${replica.place} is a replica of ${place}.`
    await using log = new RedisLog(options)
    await eventually('it says so', () => log.refusal?.message === message, 5_000)
  })

  it('hears nothing of a password that a server does not want', async () => {
    const urls = `redis://:secret@${site.server.place}/1`
    const env = { WEFT_STORE: 'redis', WEFT_REDIS_URLS: urls }
    const { code, stderr } = await weft(['log', 'export'], { env })
    assert.equal(code, 5)
    assert.match(stderr, /^error: There is no log/)
  })
})

async function listening(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  assert.ok(address && typeof address !== 'string')
  const { port }: AddressInfo = address
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}
