import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseSite } from '../../src/log/redis/address.ts'
import { Looks } from '../../src/log/redis/looks.ts'
import { toFollowers } from '../../src/log/redis/status.ts'
import { list, serverThat } from './fake.ts'

/** A replica that says which priority it has. */
function startReplica(setting: { readonly priority: string }) {
  const info = 'role:slave\r\nmaster_link_status:up\r\nrun_id:run\r\n'
  return serverThat((command) => {
    const [, name = ''] = /GET\r\n\$\d+\r\n(.*)\r/.exec(command) ?? []
    return name === '' ? `$${info.length}\r\n${info}\r\n` : list([name, setting.priority])
  })
}

interface Said {
  readonly attachments: number
  readonly commands: number
  readonly offset?: number
  readonly lag: number
  /** Ports of others that follow. */
  readonly others?: readonly number[]
}

/** What a primary says of the one at a port that follows, at a time in ms. */
function saidAt(at: number, port: number, { attachments, commands, offset = 9, lag, others = [] }: Said) {
  const lines = [
    `slave0:ip=127.0.0.1,port=${port},state=online,offset=${offset},lag=${lag}`,
    ...others.map(
      (other, index) => `slave${1 + index}:ip=127.0.0.1,port=${other},state=online,offset=9,lag=0`,
    ),
    `sync_full:${attachments}`,
    'sync_partial_ok:0',
    `total_commands_processed:${commands}`,
  ]
  return toFollowers(lines.map((line) => `${line}\r\n`).join(''), at)
}

function newLooks() {
  const site = parseSite(['redis://127.0.0.1:1'])
  return new Looks({ site, level: 'strict', members: { isBystander: () => false } })
}

async function lookedAtOne() {
  const looks = newLooks()
  await using server = await startReplica({ priority: '0' })
  const { port } = server
  const name = `127.0.0.1:${port}`
  await looks.see(saidAt(0, port, { attachments: 2, commands: 90, lag: 0 }))
  assert.equal(looks.of(name)?.kind, 'bystander')
  // From here on nothing answers, and it confirms nothing.
  await looks.see(saidAt(4_750, port, { attachments: 2, commands: 95, lag: 4 }))
  return {
    kind: () => looks.of(name)?.kind,
    leave: (at: number) => looks.see(toFollowers('', at)),
    see: (at: number, said: Said) => looks.see(saidAt(at, port, said)),
    isSeen: (said: Said) => looks.isSeen(name, saidAt(0, port, said)),
  }
}

it('one that is never promoted and stands still stays that, whatever another does or somebody resets', async () => {
  const { see, kind } = await lookedAtOne()
  await see(5_000, { attachments: 3, commands: 99, lag: 5 })
  assert.equal(kind(), 'bystander', 'another has begun to follow')
  await see(5_250, { attachments: 3, commands: 100, lag: 5 })
  await see(5_500, { attachments: 0, commands: 3, lag: 5 })
  assert.equal(kind(), 'bystander', 'somebody has reset the statistics')
})

it('what one said does not count for another that follows by its address since, and cannot be asked', async () => {
  for (const [title, said] of [
    ['it has confirmed something since', { lag: 0, offset: 12 }],
    ['it is where the other was', { lag: 0 }],
    ['it stands still by now', { lag: 2 }],
    ['it is elsewhere', { lag: 5, offset: 0 }],
  ] as const) {
    const { see, kind } = await lookedAtOne()
    await see(5_000, { attachments: 3, commands: 99, ...said })
    assert.equal(kind(), 'silent', title)
    await see(60_000, { attachments: 4, commands: 99, lag: 55 })
    assert.equal(kind(), 'silent', `${title}: later`)
  }
})

it('what one said does not count when it followed no more meanwhile', async () => {
  const { see, leave, kind } = await lookedAtOne()
  await leave(4_800)
  await see(5_000, { attachments: 2, commands: 99, lag: 5 })
  assert.equal(kind(), 'silent')
})

it('one that has just begun to stand still stays what it was, where all who began to follow are others', async () => {
  const { see, kind } = await lookedAtOne()
  await see(4_800, { attachments: 2, commands: 96, lag: 0 })
  await see(5_000, { attachments: 4, commands: 99, lag: 0, others: [1, 2] })
  assert.equal(kind(), 'bystander')
  await see(5_200, { attachments: 5, commands: 99, lag: 1, others: [1, 2, 3] })
  assert.equal(kind(), 'bystander', 'and again')
})

it('what one was seen to be counts also for who heard a moment before what the last one heard', async () => {
  const { see, isSeen } = await lookedAtOne()
  await see(5_000, { attachments: 2, commands: 99, lag: 0 })
  assert.equal(isSeen({ attachments: 2, commands: 97, lag: 0 }), true)
  await see(5_200, { attachments: 3, commands: 120, lag: 0, others: [1] })
  assert.equal(isSeen({ attachments: 3, commands: 110, lag: 0, others: [1] }), true)
})

it('it does not where one of those who began to follow may be another by its address', async () => {
  for (const [title, said] of [
    ['one came whom nobody sees', { attachments: 4, commands: 99, others: [1] }],
    ['one came for one that went', { attachments: 4, commands: 99, others: [1, 3] }],
    ['somebody has reset the statistics', { attachments: 3, commands: 3, others: [1] }],
  ] as const) {
    const { see, kind } = await lookedAtOne()
    await see(4_800, { attachments: 2, commands: 96, lag: 0, others: title.includes('went') ? [1] : [] })
    await see(5_000, { ...said, lag: 0 })
    assert.equal(kind(), 'silent', title)
  }
})

it('one that takes its time to say that it is set otherwise is heard, though who follows is asked meanwhile', async () => {
  const looks = newLooks()
  const setting = { priority: '0' }
  await using server = await startReplica(setting)
  const { port } = server
  const said = saidAt(0, port, { attachments: 2, commands: 90, lag: 0 })
  await looks.see(said)
  assert.equal(looks.of(`127.0.0.1:${port}`)?.kind, 'bystander')
  setting.priority = '100'
  const renewing = looks.renew({
    ...said,
    runId: 'it',
    isPrimary: true,
    follows: ':',
    lostFor: undefined,
    log: undefined,
  })
  await looks.see(saidAt(200, port, { attachments: 2, commands: 95, lag: 0 }))
  await looks.see(saidAt(400, port, { attachments: 3, commands: 99, lag: 0, others: [1] }))
  await renewing
  assert.equal(looks.of(`127.0.0.1:${port}`)?.kind, 'wrong')
})
