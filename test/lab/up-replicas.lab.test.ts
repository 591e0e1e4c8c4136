import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client } from '../../src/cli/client.ts'
import { parseControllerUrl } from '../../src/cli/url.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { eventually } from '../rig.ts'
import { type Program, startProgram } from './program.ts'
import { openSeclusion, type Seclusion } from './seclusion.ts'

const skip = process.getuid?.() === 0 ? false : 'tunnels need root'
/** So many choose between three controllers that they choose the same one once in 6,561 runs. */
const NODES = 9
const READY_MS = 90_000
const RESUMED_MS = 30_000

let seclusion: Seclusion

before(async () => {
  if (!skip) seclusion = await openSeclusion()
})
after(() => seclusion?.[Symbol.asyncDispose]())

/** A controller as `up` names it. */
interface Replica {
  readonly pid: number
  readonly url: string
  readonly client: Client
}

test('up --replicas 3 spreads its agents, which go on when one controller is killed, and changes at another reach them', {
  skip,
}, async () => {
  await using program = startProgram([...up(), '--replicas', '3', '--nodes', String(NODES)])
  const [, token = ''] = await program.until(/WEFT_TOKEN=(\S+)/, READY_MS)
  const pairs = NODES * (NODES - 1) * 2
  assert.match(program.output(), new RegExp(`^${pairs}/${pairs} pairs answered$`, 'm'))
  const replicas = replicasIn(program, token)
  assert.equal(replicas.length, 3)
  const before = await Promise.all(replicas.map(connected))
  assert.equal(sum(before), NODES)
  const fullest = before.indexOf(Math.max(...before))
  const spread = before.filter((agents) => agents > 0).length
  assert.ok(spread > 1, `agents are at more than one: ${before}`)

  const killed = replicas[fullest]
  const others = replicas.filter((replica) => replica !== killed)
  const [one, other] = others
  assert.ok(killed && one && other)
  process.kill(killed.pid, 'SIGKILL')
  const allThere = async () => sum(await Promise.all(others.map(connected))) === NODES
  await eventually('all agents are at the other two', allThere, RESUMED_MS)
  assert.equal(await pinged(program), true, 'the tunnels carry on')

  const last = `node-${NODES}`
  const env = { ...process.env, WEFT_URL: one.url, WEFT_TOKEN: token }
  const weft = [...seclusion.enter, process.execPath, 'deploy/weft.js']
  const removed = startProgram([...weft, 'member', 'remove', 'demo', last, '--yes'], env)
  assert.equal(await removed.code, 0, removed.output())
  await eventually('nobody reaches it', async () => !(await pinged(program)), RESUMED_MS)
  await other.client.call('addMember', { path: { network: 'demo' }, body: { node: last } })
  await eventually('it is reached again', () => pinged(program), RESUMED_MS)
  await eventually('every member has it, wherever one asks', () => isApplied(others), RESUMED_MS)

  for (const { client } of replicas) client[Symbol.dispose]()
  program.child.kill('SIGINT')
  assert.equal(await program.code, 0, program.output())
  assert.deepEqual(seclusion.traces(), [])
})

function up(): string[] {
  return [...seclusion.enter, process.execPath, 'deploy/setup.js', 'up']
}

function replicasIn(program: Program, token: string): Replica[] {
  const lines = program.output().matchAll(/^ +process (\d+) +unix:(\S+)#(\S+)$/gm)
  return [...lines].map(([, pid, socket = '', pin]) => {
    const reached = parseControllerUrl(`unix:${seclusion.outside(socket)}#${pin}`)
    const client = new Client(reached, new SecretBytes(Buffer.from(token)))
    return { pid: Number(pid), url: `unix:${socket}#${pin}`, client }
  })
}

/** How many agents are connected to this one. */
async function connected({ client }: Replica): Promise<number> {
  const metrics = String(await client.call('metrics'))
  return Number(/^weft_agents_connected (\d+)$/m.exec(metrics)?.[1])
}

/** Whether the ping that `up` proposes, to the last node, is answered. */
async function pinged(program: Program): Promise<boolean> {
  const [, namespace = '', address = ''] =
    /ip netns exec (\S+) ping (\S+)/.exec(program.output()) ?? assert.fail(program.output())
  const ping = ['ip', 'netns', 'exec', namespace, 'ping', '-c', '1', '-W', '1', address]
  return (await startProgram([...seclusion.enter, ...ping]).code) === 0
}

async function isApplied(replicas: readonly Replica[]): Promise<boolean> {
  const lists = await Promise.all(
    replicas.map(({ client }) => client.list('listMembers', { path: { network: 'demo' } })),
  )
  return lists.every((list) => list.length === NODES && list.every(({ state }) => state === 'applied'))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
