import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseSite } from '../../src/log/redis/address.ts'
import { Circle } from '../../src/log/redis/circle.ts'
import { Members } from '../../src/log/redis/members.ts'
import { toFollowers } from '../../src/log/redis/status.ts'
import { list, serverThat } from './fake.ts'

const RIGHT: Readonly<Record<string, string>> = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
  'replica-priority': '100',
}

/** A replica that is set like that and takes so many ms for its first answer. */
async function startReplica(settings: Readonly<Record<string, string>>, delay = 0) {
  const info =
    'role:slave\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:0\r\nrun_id:run\r\naof_enabled:1\r\n'
  return serverThat(async (command) => {
    if (command.includes('HELLO')) await wait(delay)
    const [, name = ''] = /GET\r\n\$\d+\r\n(.*)\r/.exec(command) ?? []
    return name === '' ? `$${info.length}\r\n${info}\r\n` : list([name, settings[name] ?? ''])
  })
}

/** What a primary says of those that follow; of the last one whether it has come as far as that. */
function saidOf(ports: readonly number[], commands: number, state: 'online' | 'wait_bgsave') {
  const lines = ports.map((port, at) => {
    const isLast = at === ports.length - 1
    return `slave${at}:ip=127.0.0.1,port=${port},state=${isLast ? state : 'online'},offset=9,lag=0`
  })
  const counts = [
    `sync_full:${ports.length}`,
    'sync_partial_ok:0',
    `total_commands_processed:${commands}`,
    'master_repl_offset:9',
  ]
  return [...lines, ...counts].map((line) => `${line}\r\n`).join('')
}

/** Whether a change counts amid which somebody comes to follow, and has come as far as that while a slow one is asked. */
async function isReachedWith(settings: Readonly<Record<string, string>>) {
  await using slow = await startReplica(settings, 150)
  await using bystander = await startReplica({ ...RIGHT, 'replica-priority': '0' })
  const site = parseSite(['redis+sentinel://127.0.0.1:1/main'])
  const members = new Members()
  const primary = { host: '127.0.0.1', port: 1 }
  members.hear({
    primary,
    promotable: [`127.0.0.1:${slow.port}`],
    bystanders: [],
    nodes: [],
    heard: [{ name: 'S', id: 'S' }],
    unheard: [],
    voices: 1,
  })
  const circle = new Circle({ site, primary, level: 'strict', members, lives: new Map() })
  const ports = [slow.port, bystander.port]
  const first = saidOf(ports, 90, 'wait_bgsave')
  const then = toFollowers(saidOf(ports, 95, 'online'))
  const begin = performance.now()
  const isReached = circle.isReached([first, 1, first], async () => then, begin + 1_500)
  await wait(50)
  const looking = circle.see(then)
  const answer = { isReached: await isReached, took: performance.now() - begin }
  await looking
  return answer
}

it('a change counts though others are looked at meanwhile who have come as far as to follow', async () => {
  assert.equal((await isReachedWith(RIGHT)).isReached, true)
})

it('it does not where one that must have it is set up wrong, and that is said at once', async () => {
  const { isReached, took } = await isReachedWith({ ...RIGHT, appendfsync: 'everysec' })
  assert.equal(isReached, false)
  assert.ok(took < 1_000, `it took ${took} ms`)
})
