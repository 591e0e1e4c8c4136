import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { Place } from '../api/fixture.ts'
import { MAIN, weft } from './fixture.ts'

describe('commands that show', () => {
  let place: Place
  let env: Record<string, string>
  before(async () => {
    place = await Place.open()
    const url = `https://127.0.0.1:${place.port}#${place.controller.authority.fingerprint}`
    env = { WEFT_URL: url, WEFT_TOKEN: place.token, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '' }
    for (const name of ['web-1', 'db-1']) await place.enrol(name)
    await place.post('/v1/networks', { name: 'demo' })
    await place.post('/v1/networks/demo/members/batch', { add: ['web-1', 'db-1'] })
  })
  after(() => place[Symbol.asyncDispose]())

  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await weft(args, { env })
    assert.deepEqual([code, stderr], [0, ''], args.join(' '))
    return stdout
  }

  it('tell of the controller, its errors, a member, a link and the history of a network', async () => {
    const [status, error, member, link, history, first, dry, whole] = await Promise.all([
      done('status'),
      done('errors', 'range-overlap', '--json'),
      done('member', 'show', 'demo', 'web-1'),
      done('link', 'demo', 'web-1', 'db-1'),
      done('history', 'demo', '--limit', '1'),
      done('history', 'demo', '--action', 'network-created', '--since', '1h', '--json'),
      done('member', 'remove', 'demo', 'web-1', '--dry-run'),
      done('network', 'delete', 'demo', '--dry-run'),
    ])
    assert.equal(status, 'status  ok\nready   ready\n')
    assert.equal(JSON.parse(error ?? '').status, 409)
    assert.match(member ?? '', /^name +web-1$/m)
    assert.match(link ?? '', /^END +ONLINE +REVISION.*\nweb-1 +no /m)
    assert.match(history ?? '', /^REVISION +WHEN +WHO +WHAT\n\d+ +\S+ +\S+ .*added.*\n$/)
    assert.deepEqual(
      JSON.parse(first ?? '').items.map(({ actions }: { actions: string[] }) => actions),
      [['network-created']],
    )
    assert.match(
      whole ?? '',
      /^0 links would appear, 1 would disappear\.\n(.*\n)- (web-1 db-1|db-1 web-1)\n$/,
    )
    assert.match(
      dry ?? '',
      /^0 links would appear, 1 would disappear\.\n2 members would be sent \d+ bytes\.\n- (web-1 db-1|db-1 web-1)\n$/,
    )
    assert.equal((await place.get('/v1/networks/demo/members')).body.items.length, 2)
  })

  it('leave to member remove what takes all out that are online, when that is said with --yes', async (context) => {
    const { body } = await place.post('/v1/networks', { name: 'emptied' })
    const members = { add: ['web-1', 'db-1'] }
    context.mock.method(place.controller.status, 'node', () => ({ online: true, lastSeenAt: 0 }))
    for (const network of ['emptied', body.id]) {
      await place.post('/v1/networks/emptied/members/batch', members)
      const refused = await place.post('/v1/networks/emptied/members/batch', { remove: members.add })
      assert.equal(refused.body.code, 'confirmation-needed')
      assert.equal(await done('member', 'remove', network, ...members.add, '--yes'), '0 added, 2 removed.\n')
    }
    await place.delete('/v1/networks/emptied')
  })

  it('sort and filter as REST does', async () => {
    const [sorted, named] = await Promise.all([
      done('node', 'list', '--sort', '-name', '--no-online', '--json'),
      done('member', 'list', 'demo', '--name', 'web', '--json'),
    ])
    const namesOf = (text = '') => JSON.parse(text).items.map(({ name }: { name: string }) => name)
    assert.deepEqual([namesOf(sorted), namesOf(named)], [['web-1', 'db-1'], ['web-1']])
  })

  /** Runs until it has said something that `isEnough`, then stops it. */
  const until = async (
    args: string[],
    isEnough: (text: string) => boolean,
    onFirst: () => Promise<unknown>,
  ) => {
    const child = spawn(process.execPath, [MAIN, ...args], { env, timeout: 60_000, killSignal: 'SIGKILL' })
    const ended = once(child, 'exit')
    let text = ''
    let isFirst = true
    for await (const piece of child.stdout.setEncoding('utf8')) {
      text += piece
      if (isFirst) await onFirst()
      isFirst = false
      if (isEnough(text)) break
    }
    child.kill('SIGTERM')
    await ended
    assert.equal(child.exitCode, 0, text)
    return text
  }

  it('watch: print again what has become another, a line of JSON each time', async () => {
    const text = await until(
      ['network', 'list', '--watch', '--json'],
      (all) => all.includes('"second"'),
      () => place.post('/v1/networks', { name: 'second' }),
    )
    const counts = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).items.length)
    assert.deepEqual([counts[0], counts.at(-1)], [1, 2])
  })

  it('events: go on where they were left, none left out', async () => {
    const { sequence } = place.controller.state
    await place.post('/v1/networks', { name: 'third' })
    const text = await until(
      ['events', '--after', String(sequence), '--json'],
      (all) => all.includes('fourth'),
      () => place.post('/v1/networks', { name: 'fourth' }),
    )
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      events.map(({ event }) => event),
      ['hello', 'change', 'change'],
    )
    assert.deepEqual(
      events.slice(1).map(({ id }) => Number(id)),
      [sequence + 1, sequence + 2],
    )
  })
})
