import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { Keeper } from '../../src/agent/keeper.ts'
import { toNetworkId } from '../../src/model/names.ts'
import { HandClock } from './clock.ts'

/** A journal on a disk that takes nothing until told otherwise. */
class Refusing {
  tries = 0
  isFull = true
  isWhole = true

  async begin(): Promise<void> {}

  save(): Promise<void> {
    return this.write()
  }

  async write(): Promise<void> {
    this.tries += 1
    if (this.isFull) throw new Error("ENOSPC: no space left on device, open '/state/networks/some.jsonl'")
  }
}

it('What the disk does not take is tried again later and later, by one row of tries, and told once', async () => {
  const [clock, journal, faults] = [new HandClock(), new Refusing(), [] as (string | undefined)[]]
  const lines: string[] = []
  const network = toNetworkId(new Uint8Array(10))
  let gaps = 0
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const onFault = () => faults.push(keeper.fault)
  const keeper = new Keeper(journal, { network, clock, log, onFault, onGap: () => gaps++ })
  // A plan a second, each tried at once.
  for (let plans = 0; plans < 10; plans++) await keeper.save()
  assert.equal(journal.tries, 10)
  assert.equal(await triesIn(60), 5, 'after 1, 2, 4, 8, 16 s')
  assert.equal(await triesIn(300), 10, 'then twice a minute')
  assert.deepEqual(faults, ['ENOSPC: no space left on device'])
  journal.isFull = false
  journal.isWhole = false
  assert.equal(await triesIn(300), 10, 'what is lost is waited for, and asked for each time')
  assert.equal(gaps, 10)
  assert.deepEqual(faults, ['ENOSPC: no space left on device'], 'all is not kept')
  journal.isWhole = true
  assert.equal(await triesIn(300), 1, 'it has worked')
  assert.deepEqual(faults, ['ENOSPC: no space left on device', undefined])
  assert.equal(lines.length, 2)

  journal.isFull = true
  await keeper.save()
  await keeper.end()
  assert.equal(await triesIn(300), 0, 'it has ended')

  async function triesIn(seconds: number): Promise<number> {
    const before = journal.tries
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000)
      await turn()
    }
    return journal.tries - before
  }
})
