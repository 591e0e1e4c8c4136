import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { connectPinned } from '../../src/keys/pinned.ts'
import { parseJoinToken } from '../../src/protocol/jointoken.ts'
import { Place } from './fixture.ts'

describe('startServer', () => {
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'weft-server-'))
  })
  after(() => rm(directory, { recursive: true }))

  it('listens at several places with one certificate, which is the one that is pinned', async () => {
    const path = join(directory, 'several.sock')
    await using place = await Place.open({ listen: ['127.0.0.1:0', '[::1]:0', `unix:${path}`] })
    const [first, second, third] = place.server.places
    assert.match(first ?? '', /^127\.0\.0\.1:\d+$/)
    assert.match(second ?? '', /^\[::1\]:\d+$/)
    assert.equal(third, `unix:${path}`)
    const port = Number(second?.split(':').at(-1))
    for (const at of [{ host: '127.0.0.1', port: place.port }, { host: '::1', port }, { path }]) {
      const socket = await connectPinned(at, place.controller.authority.fingerprint, 1_000)
      assert.equal(socket.getProtocol(), 'TLSv1.3')
      socket.destroy()
    }
    assert.equal((await stat(path)).mode & 0o777, 0o660)
  })

  it('speaks no TLS below 1.3, and nothing without TLS', async () => {
    await using place = await Place.open()
    const old = connect({
      host: '127.0.0.1',
      port: place.port,
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    })
    await assert.rejects(once(old, 'secureConnect'), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
    await assert.rejects(fetch(`http://127.0.0.1:${place.port}/healthz`))
  })

  it('speaks without TLS when it is told so', async () => {
    await using place = await Place.open({ insecurePlainWebsocket: true })
    const answer = await fetch(`http://127.0.0.1:${place.port}/healthz`)
    assert.equal(answer.status, 200)
  })

  it('takes the place of a Unix socket whose owner died', async () => {
    const path = join(directory, 'dead.sock')
    await leaveDeadSocket(path)
    await access(path)
    await using place = await Place.open({ listen: [`unix:${path}`] })
    assert.deepEqual(place.server.places, [`unix:${path}`])
  })

  it('says in join tokens at which port it is, when any would do', async () => {
    await using place = await Place.open({ listen: ['127.0.0.1:0'] })
    const { token } = (await place.post('/v1/tokens', {})).body
    assert.deepEqual(
      parseJoinToken(token).urls,
      place.server.places.map((at) => `https://${at}`),
    )
    assert.doesNotMatch(place.server.places[0] ?? '', /:0$/)
  })

  it('does not take the place of one that lives, and names the place that it cannot have', async () => {
    const listen = [`unix:${join(directory, 'alive.sock')}`, '127.0.0.1:0']
    await using place = await Place.open({ listen })
    for (const taken of place.server.places) {
      await assert.rejects(
        Place.open({ listen: ['127.0.0.1:0', taken] }),
        (error: Error & { code?: string }) => {
          assert.deepEqual([error.code, error.message.includes(taken)], ['invalid-config', true])
          return true
        },
      )
    }
    const socket = await connectPinned(
      { path: join(directory, 'alive.sock') },
      place.controller.authority.fingerprint,
      1_000,
    )
    socket.destroy()
    await assert.rejects(Place.open({ listen: ['192.0.2.1:7443'] }), { code: 'invalid-config' })
    await assert.rejects(Place.open({ listen: ['nonsense'] }), { code: 'invalid-config' })
  })

  it('finishes the requests under way when it is closed, and takes no more', async (context) => {
    await using place = await Place.open()
    const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const change = place.controller.change.bind(place.controller)
    context.mock.method(place.controller, 'change', async (...args: Parameters<typeof change>) => {
      asked.resolve()
      await gate.promise
      return change(...args)
    })
    const answer = place.post('/v1/networks', { name: 'late' })
    await asked.promise
    const closed = place.server.close()
    await assert.rejects(place.get('/healthz'))
    gate.resolve()
    assert.equal((await answer).status, 201)
    await closed
  })
})

/** Leaves the file of a socket whose process was killed. */
async function leaveDeadSocket(path: string): Promise<void> {
  const script = `net.createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', script, path]), 'exit')
}
