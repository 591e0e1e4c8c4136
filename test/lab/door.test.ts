import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openDoor } from '../../src/lab/door.ts'

test('what goes in at the door comes out at the socket, and back', async (context) => {
  await using door = await openDoor(await echoSocket(context), 0)
  const visitor = connect(door.port, '127.0.0.1')
  visitor.end('hello')
  const [answer] = await once(visitor, 'data')
  assert.equal(String(answer), 'hello')
})

test('a visitor is shown out when nobody answers at the socket, and when the door closes', async (context) => {
  await using blind = await openDoor(join(tmpdir(), 'weft-no-such-socket'), 0)
  await once(connect(blind.port, '127.0.0.1'), 'close')
  const door = await openDoor(await echoSocket(context), 0)
  const visitor = connect(door.port, '127.0.0.1').resume()
  await once(visitor, 'connect')
  const closed = once(visitor, 'close')
  await door[Symbol.asyncDispose]()
  await closed
})

test('a port that another program has is replaced by a free one', async (context) => {
  const socket = await echoSocket(context)
  await using first = await openDoor(socket, 0)
  await using second = await openDoor(socket, first.port)
  assert.ok(second.port > 0)
  assert.notEqual(second.port, first.port)
})

async function echoSocket(context: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-door-'))
  const server = createServer((end) => end.pipe(end))
  server.listen(join(folder, 'echo.sock'))
  await once(server, 'listening')
  context.after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  return join(folder, 'echo.sock')
}
