import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createServer, type TlsOptions } from 'node:tls'
import { connectPinned, type Fingerprint, fingerprintOf, parseFingerprint } from '../../src/keys/pinned.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { toBase64Url } from '../../src/keys/text.ts'

const TIMEOUT = 2_000

interface Certified {
  readonly cert: string
  readonly key: string
  readonly pin: Fingerprint
}

async function certify(name: string): Promise<Certified> {
  await import('reflect-metadata')
  const { PemConverter, X509CertificateGenerator } = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    signingAlgorithm: algorithm,
    keys,
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    cert: certificate.toString('pem'),
    key: PemConverter.encode(key, 'PRIVATE KEY'),
    pin: fingerprintOf(new Uint8Array(certificate.rawData)),
  }
}

const right = await certify('right')
const wrong = await certify('wrong')

/** A TLS server on a free port of loopback that keeps what it is told and answers `pong`. */
async function serve(options: TlsOptions, path?: string) {
  const heard: Buffer[] = []
  const server = createServer(options, (socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      heard.push(data)
      socket.write('pong')
    })
  })
  const place = await listen(server, path)
  return { place, heard: () => Buffer.concat(heard).toString(), ...closing(server) }
}

async function listen(server: Server, path?: string) {
  server.on('tlsClientError', () => undefined)
  server.listen(path ?? { host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  if (path !== undefined) return { path }
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

function closing(server: Server) {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('connectPinned', () => {
  it('connects to the holder of the pinned certificate, by TLS 1.3', async () => {
    await using server = await serve(right)
    const socket = await connectPinned(server.place, right.pin, TIMEOUT)
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    socket.write('ping')
    assert.equal(String((await once(socket, 'data'))[0]), 'pong')
    assert.equal(server.heard(), 'ping')
    socket.destroy()
  })

  it('connects by a Unix socket too', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weft-pinned-'))
    await using server = await serve(right, join(directory, 'api.sock'))
    const socket = await connectPinned(server.place, right.pin, TIMEOUT)
    socket.destroy()
    await rm(directory, { recursive: true })
  })

  it('refuses another certificate before a byte of the request is sent', async () => {
    await using server = await serve(wrong)
    const request = connectPinned(server.place, right.pin, TIMEOUT).then((socket) =>
      socket.write('secret token'),
    )
    await assert.rejects(request, { code: 'identity-mismatch', advice: /in between/ })
    // Whatever was on its way has arrived when another connection has gone to and fro.
    const socket = await connectPinned(server.place, wrong.pin, TIMEOUT)
    socket.write('ping')
    await once(socket, 'data')
    assert.equal(server.heard(), 'ping')
    socket.destroy()
  })

  it('refuses TLS 1.2', async () => {
    await using server = await serve({ ...right, maxVersion: 'TLSv1.2' })
    await assert.rejects(connectPinned(server.place, right.pin, TIMEOUT), { code: 'unavailable' })
  })

  it('waits longer for who has a queue than for a machine that does not answer', async () => {
    const tls = createServer(right)
    const queue = createTcpServer((socket) => setTimeout(() => tls.emit('connection', socket), 600))
    await using _ = closing(queue)
    const place = await listen(queue)
    const impatient = assert.rejects(connectPinned(place, right.pin, 200), { code: 'unavailable' })
    const socket = await connectPinned(place, right.pin, 200, TIMEOUT)
    await impatient
    socket.destroy()
  })

  it('says that nobody answers when the port is closed, the other end hangs up, or says nothing', async () => {
    const hangUp = createTcpServer((socket) => socket.destroy())
    const place = await listen(hangUp)
    await assert.rejects(connectPinned(place, right.pin, TIMEOUT), { code: 'unavailable' })
    hangUp.close()
    await once(hangUp, 'close')
    await assert.rejects(connectPinned(place, right.pin, TIMEOUT), {
      code: 'unavailable',
      message: new RegExp(`127\\.0\\.0\\.1:${'port' in place ? place.port : ''}`),
    })

    const silent = createTcpServer(() => undefined)
    await using _ = closing(silent)
    const start = performance.now()
    await assert.rejects(connectPinned(await listen(silent), right.pin, 200), { code: 'unavailable' })
    assert.ok(performance.now() - start < 1_500)
  })

  it('lets a connection rest as long as it likes once it stands', async () => {
    await using server = await serve(right)
    const socket = await connectPinned(server.place, right.pin, 100)
    await new Promise((resolve) => setTimeout(resolve, 300))
    socket.write('ping')
    assert.equal(String((await once(socket, 'data'))[0]), 'pong')
    socket.destroy()
  })
})

describe('parseFingerprint', () => {
  it('takes 32 bytes in canonical base64url only', () => {
    assert.equal(parseFingerprint(right.pin), right.pin)
    const others = [
      '',
      right.pin.slice(1),
      `${right.pin}=`,
      toBase64Url(systemRandom(31)),
      `${'A'.repeat(42)}B`,
    ]
    for (const other of others) assert.equal(parseFingerprint(other), undefined, other)
  })
})
