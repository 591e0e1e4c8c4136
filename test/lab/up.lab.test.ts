import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { eventually } from '../rig.ts'
import { startProgram } from './program.ts'
import { openSeclusion, type Seclusion } from './seclusion.ts'

const skip = process.getuid?.() === 0 ? false : 'tunnels need root'
const READY_MS = 60_000
/** Other labs of this machine are none of our business. */
let seclusion: Seclusion

before(async () => {
  if (!skip) seclusion = await openSeclusion()
})
after(() => seclusion?.[Symbol.asyncDispose]())

test('up shows a URL and a token that the command line works with, and goes at Ctrl-C, even a double one', {
  skip,
}, async () => {
  await using program = startProgram([...up(), '--nodes', '2'])
  const [, url, token] = await program.until(/WEFT_URL='(.*)' WEFT_TOKEN=(\S+)/, READY_MS)
  const env = { ...process.env, WEFT_URL: url, WEFT_TOKEN: token }
  const graph = startProgram([process.execPath, 'deploy/weft.js', 'graph', 'demo', '--json'], env)
  assert.equal(await graph.code, 0, graph.output())
  assert.equal(JSON.parse(graph.output()).nodes.length, 2)
  // A terminal tells the whole group, and npm tells its child once more.
  process.kill(-(program.child.pid ?? 0), 'SIGINT')
  process.kill(program.child.pid ?? 0, 'SIGINT')
  assert.equal(await program.code, 0, program.output())
  assert.deepEqual(seclusion.traces(), [])
})

test('up takes another port when 7443 is not free, and says which', { skip }, async () => {
  await using _taken = await eventually('port 7443 is free to be taken', () => take(7443), READY_MS)
  await using program = startProgram([...up(), '--nodes', '2'])
  const [, port] = await program.until(/URL +https:\/\/127\.0\.0\.1:(\d+)#/, READY_MS)
  assert.notEqual(port, '7443')
  program.child.kill('SIGTERM')
  assert.equal(await program.code, 0)
})

/** Not when somebody has it by now: another `up` on this machine does for a while. */
async function take(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1')
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  )
}

test('an up that was killed is cleaned up by the next one', { skip }, async () => {
  await using killed = startProgram([...up(), '--nodes', '2'])
  await killed.until(/Ctrl-C/, READY_MS)
  killed.child.kill('SIGKILL')
  await killed.code
  assert.notDeepEqual(seclusion.traces(), [])
  await using next = startProgram([...up(), '--once', '--nodes', '2'])
  assert.equal(await next.code, 0, next.output())
  assert.deepEqual(seclusion.traces(), [])
})

function up(): string[] {
  return [...seclusion.enter, process.execPath, 'deploy/setup.js', 'up']
}
