import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ControllerProcess, type Outcome } from './fixture.ts'

describe('weft audit and weft webhook', () => {
  let controller: ControllerProcess
  before(async () => {
    controller = await ControllerProcess.start()
  })
  after(() => controller[Symbol.asyncDispose]())

  const done = async (outcome: Promise<Outcome>) => {
    const { code, stdout, stderr } = await outcome
    assert.deepEqual([code, stderr], [0, ''])
    return stdout
  }
  const json = async (outcome: Promise<Outcome>) => JSON.parse(await done(outcome))

  it('shows who did what, writes it down, and compares that with the log', async () => {
    await done(controller.weft('network', 'create', 'traced'))
    const [text, programs] = await Promise.all([
      done(controller.weft('audit', '--network', 'traced')),
      json(
        controller.weft('audit', '--action', 'network-created', '--since', '1h', '--limit', '1', '--json'),
      ),
    ])
    assert.match(text, /first admin \(tok-\S+\) by rest, request \S+\n +made network traced, /)
    assert.deepEqual([programs.items.length, programs.items[0].changes[0].name], [1, 'traced'])
    const file = join(controller.dataDir, 'audit.jsonl')
    assert.match(
      await done(controller.weft('audit', '--all-projects', '--export', file)),
      /records up to entry/,
    )
    const { dataDir } = controller
    const { checked, records } = await json(
      controller.weft('audit', 'verify', file, '--data-dir', dataDir, '--json'),
    )
    assert.ok(records >= 2)
    assert.equal(checked, records)
  })

  it('makes webhooks, shows how they go, changes and deletes them', async () => {
    const options = ['--event', 'member-added', '--disabled', '--name', 'books']
    const made = await json(
      controller.weft('webhook', 'create', 'https://localhost:9/', ...options, '--json'),
    )
    assert.match(made.secret, /^whsec_/)
    const [list, test] = await Promise.all([
      done(controller.weft('webhook', 'list')),
      done(controller.weft('webhook', 'test', made.id)),
    ])
    assert.match(list, /^whk-\S+ +books +disabled +https:/m)
    assert.match(test, /^state +failed: its name leads to no public address$/m)
    const [deliveries, changed] = await Promise.all([
      done(controller.weft('webhook', 'deliveries', made.id)),
      done(controller.weft('webhook', 'update', made.id, '--all-events', '--name', 'other')),
    ])
    assert.match(deliveries, / +ping +failed +1 /)
    assert.match(changed, /^events +all$/m)
    const shown = await done(controller.weft('webhook', 'show', made.id))
    assert.match(shown, /^name +other$/m)
    assert.match(shown, /^acknowledged +entry \d+$/m)
    assert.equal(await done(controller.weft('webhook', 'delete', made.id, '--yes')), '')
  })
})
