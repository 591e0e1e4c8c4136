import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { ControllerProcess, MAIN, type Outcome } from './fixture.ts'

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

  it('watches what is done from now on, and no word of before', async () => {
    const child = spawn(
      process.execPath,
      [MAIN, 'audit', '--watch', '--json', '--action', 'network-created'],
      {
        env: { ...process.env, ...controller.env },
        timeout: 30_000,
        killSignal: 'SIGKILL',
      },
    )
    const ended = once(child, 'exit')
    const names: string[] = []
    // It has begun when it tells of something; until then there is more and more to tell.
    const making = (async () => {
      using client = controller.client()
      const make = (name: string) => client.call('createNetwork', { body: { name } })
      for (let made = 0; names.length === 0 && child.exitCode === null; made++) {
        await make(`watched-${made}`)
        await pause(100)
      }
      await make('watched-last')
    })()
    for await (const line of createInterface(child.stdout)) {
      names.push(JSON.parse(line).changes[0].name)
      if (names.at(-1) === 'watched-last') break
    }
    child.kill('SIGINT')
    await Promise.all([ended, making])
    assert.equal(child.exitCode, 0)
    assert.ok(!names.includes('traced'))
    const first = Number(names[0]?.split('-')[1])
    const numbers = names.slice(0, -1).map((_, at) => `watched-${first + at}`)
    assert.deepEqual(names, [...numbers, 'watched-last'], 'none is left out, none told twice')
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
    const [sent = ''] = /^msg_\S+/m.exec(deliveries) ?? []
    const again = await json(controller.weft('webhook', 'redeliver', made.id, sent, '--json'))
    assert.deepEqual([again.id, again.state, again.attempts], [sent, 'failed', 2])
    const unknown = await controller.weft('webhook', 'redeliver', made.id, 'msg_nothing')
    assert.deepEqual([unknown.code, unknown.stdout], [5, ''])
    assert.match(unknown.stderr, /^error: There is no such delivery of this webhook\.$/m)
    assert.match(changed, /^events +all$/m)
    const shown = await done(controller.weft('webhook', 'show', made.id))
    assert.match(shown, /^name +other$/m)
    assert.match(shown, /^acknowledged +entry \d+$/m)
    assert.equal(await done(controller.weft('webhook', 'delete', made.id, '--yes')), '')
  })
})
