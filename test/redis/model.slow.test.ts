import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type Action, Model } from '../chaos/model.ts'
import { report, runs } from '../chaos/runs.ts'
import { ModelWorld } from './model-world.ts'
import { type RedisSite, startSingle } from './site.ts'

const RUNS = runs(4, 300)
const REPLICAS = 3
const counted = { runs: 0, acknowledged: 0, races: 0, lost: 0 }

describe('Three replicas on one Redis', () => {
  let site: RedisSite
  before(async () => {
    site = await startSingle()
  })
  after(async () => {
    await site[Symbol.asyncDispose]()
    report('random commands at random replicas against a sequential model', counted)
  })

  it('are to their callers one controller that does one thing after the other', async () => {
    const commands = fc.commands(COMMANDS, { maxCommands: 30, size: 'max' })
    await fc.assert(
      fc.asyncProperty(commands, async (run) => {
        await using world = await ModelWorld.start(site, `run-${counted.runs++}`, REPLICAS)
        try {
          const model = new Model()
          for (const action of BEGINNING) assert.equal((await world.ask(0, action)).told, model.apply(action))
          await fc.asyncModelRun(() => ({ model, real: world }), run)
        } finally {
          counted.acknowledged += world.acknowledged.length
          counted.lost += await world.countLost()
        }
        assert.equal(counted.lost, 0)
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
    assert.ok(counted.acknowledged >= RUNS * BEGINNING.length, `acknowledged: ${counted.acknowledged}`)
  })
})

/** Without networks there is little to do, and a few random commands may do nothing at all. */
const BEGINNING: readonly Action[] = [
  { kind: 'create', network: 'red', node: 'n0' },
  { kind: 'create', network: 'blue', node: 'n0' },
]

type Command = fc.AsyncCommand<Model, ModelWorld>

const at = fc.nat(REPLICAS - 1)
const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom('create', 'delete', 'add', 'add', 'add', 'remove', 'remove'),
  network: fc.constantFrom('red', 'blue'),
  node: fc.constantFrom('n0', 'n1', 'n2'),
})
const ask = fc.record({ at, action })

const COMMANDS: fc.Arbitrary<Command>[] = [
  ask.map(({ at, action }) =>
    command(`${text(action)} at ${at}`, async (model, world) => {
      assert.equal((await world.ask(at, action)).told, model.apply(action))
    }),
  ),
  fc.array(ask, { minLength: 2, maxLength: 8 }).map((list) =>
    command(`at once: ${list.map(({ at, action }) => `${text(action)} at ${at}`)}`, async (model, world) => {
      counted.races++
      assert.deepEqual(await world.race(list, model), [])
    }),
  ),
  fc.tuple(at, at, action).map(([one, other, action]) =>
    command(`${text(action)} at ${one}, and again at ${other}`, async (model, world) => {
      const first = await world.ask(one, action)
      assert.equal(first.told, model.apply(action))
      if (first.told === 'done') assert.deepEqual(await world.repeat(other, action), first)
    }),
  ),
  at.map((at) => command(`replica ${at} is restarted`, (_, world) => world.restart(at))),
  at.map((at) =>
    command(`what replica ${at} has`, async (model, world) => {
      assert.deepEqual(await world.membersAt(at), model.toJSON())
    }),
  ),
  fc.constant(command('the connections break', (_, world) => world.breakConnections())),
]

function command(name: string, run: Command['run']): Command {
  return { check: () => true, run, toString: () => name }
}

function text({ kind, network, node }: Action): string {
  return `${kind} ${network} ${node}`
}
