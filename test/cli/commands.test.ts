import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseJoinToken } from '../../src/protocol/jointoken.ts'
import { ControllerProcess, type Outcome, weft } from './fixture.ts'

describe('weft against a controller', () => {
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

  it('makes, lists, shows and deletes a network, for people and for programs', async () => {
    const made = await done(controller.weft('network', 'create', 'demo', '--ipv4', '10.9.0.0/16'))
    assert.match(made, /^ipv4 +10\.9\.0\.0\/16$/m)
    const list = await done(controller.weft('network', 'list'))
    assert.match(list, /^NAME +ID +TOPOLOGY +IPV4 +IPV6 +REVISION\ndemo +net-\S+ +mesh /)
    const shown = await json(controller.weft('network', 'show', 'demo', '--json'))
    assert.deepEqual([shown.name, shown.ipv4, shown.keyCustody], ['demo', '10.9.0.0/16', 'controller'])
    assert.deepEqual(await json(controller.weft('network', 'list', '--json')), { items: [shown] })
    assert.equal(await done(controller.weft('network', 'delete', shown.id, '--yes')), '')
    assert.deepEqual(await json(controller.weft('network', 'list', '--json')), { items: [] })
  })

  it('hands every option of network create over', async () => {
    const options = ['--ipv6', 'fd12:3456:789a::/48', '--node-prefix-length', '28', '--key-custody', 'node']
    const made = await json(
      controller.weft('network', 'create', 'told', '--topology', 'sites', ...options, '--json'),
    )
    const { ipv6, nodePrefixLength, topology, keyCustody } = made
    const told = ['fd12:3456:789a::/48', 28, 'sites', 'node']
    assert.deepEqual([ipv6, nodePrefixLength, topology, keyCustody], told)
  })

  it('makes a join token with the command for the new machine, lists it and revokes it', async () => {
    await done(controller.weft('network', 'create', 'joined'))
    const options = [
      '--network',
      'joined',
      '--uses',
      '10',
      '--ttl',
      '15m',
      '--label',
      'rack=a1',
      '--label',
      'x=',
    ]
    const text = await done(controller.weft('token', 'create', ...options))
    const token = /^weft agent --join (\S+)$/m.exec(text)?.[1] ?? ''
    assert.equal(parseJoinToken(token).urls[0]?.startsWith('unix:'), true)
    const { items } = await json(controller.weft('token', 'list', '--json'))
    assert.equal(items.length, 1)
    assert.deepEqual([items[0].uses, items[0].labels], [10, { rack: 'a1', x: '' }])
    assert.equal(Date.parse(items[0].expiresAt) - Date.parse(items[0].createdAt), 900_000)
    assert.match(await done(controller.weft('token', 'list')), /^tok-\S+ +10 +\S+ +net-\S+ +rack=a1, x=$/m)
    await done(controller.weft('token', 'revoke', items[0].id))
    assert.deepEqual(await json(controller.weft('token', 'list', '--json')), { items: [] })
    const again = await controller.weft('token', 'revoke', items[0].id)
    assert.equal(again.code, 5)
  })

  it('lists no nodes and members where there are none, and an empty graph', async () => {
    await done(controller.weft('network', 'create', 'empty'))
    assert.match(
      await done(controller.weft('node', 'list')),
      /^NAME +ONLINE +LAST SEEN +ROLES +LABELS +ID\n$/,
    )
    assert.match(
      await done(controller.weft('member', 'list', 'empty')),
      /^NAME +STATE +IPV4 +IPV6 +PORT +NODE\n$/,
    )
    const graph = await json(controller.weft('graph', 'empty', '--json'))
    assert.deepEqual([graph.nodes, graph.links], [[], []])
    assert.match(await done(controller.weft('graph', 'empty')), /^NODE +.*\n\nLINK +.*\n$/)
  })

  it('says what went wrong and what to do, on stderr, with an exit code for scripts', async () => {
    const cases: [code: number, message: RegExp, args: string[]][] = [
      [5, /^error: There is no network 'nope'\.\n {7}'weft network list'/, ['network', 'show', 'nope']],
      [5, /^error: There is no node 'nope'\./, ['node', 'show', 'nope']],
      [5, /^error: There is no network 'nope'\./, ['graph', 'nope']],
      [5, /^error: There is no network 'nope'\./, ['explain', 'nope', 'a', 'b']],
      [5, /^error: There is no node 'nope'\./, ['node', 'roles', 'nope', 'relay']],
      [2, /Allowed choices are relay, hub, gateway\./, ['node', 'roles', 'nope', 'king']],
      [2, /^error: missing required argument 'b'/, ['explain', 'nope', 'a']],
      [2, /^error: .*1 to 63 lower-case letters/, ['network', 'create', 'No']],
      [2, /^error: unknown option '--nope'/, ['network', 'create', 'x', '--nope']],
      [2, /^error: missing required argument 'name'/, ['network', 'create']],
      [2, /^error: unknown command 'nets'/, ['nets']],
      [2, /Allowed choices are mesh, hub, sites\./, ['network', 'create', 'x', '--topology', 'ring']],
      [2, /It must be a whole number/, ['token', 'create', '--uses', '-1']],
      [2, /a number with a unit/, ['token', 'create', '--ttl', '5']],
      [2, /It must be name=value/, ['token', 'create', '--label', 'rack']],
    ]
    for (const [code, message, args] of cases) {
      const outcome = await controller.weft(...args)
      assert.deepEqual([outcome.code, outcome.stdout], [code, ''], args.join(' '))
      assert.match(outcome.stderr, message)
    }
    await done(controller.weft('network', 'create', 'there'))
    assert.equal((await controller.weft('network', 'create', 'there')).code, 6)
  })

  it('takes a name that begins with a hyphen for a name when it comes after two', async () => {
    const flag = await controller.weft('network', 'show', '-evil')
    assert.match(flag.stderr, /unknown option/)
    const name = await controller.weft('network', 'show', '--', '-evil')
    assert.deepEqual([name.code, /id, or a name/.test(name.stderr)], [2, true])
  })

  it('keeps what was typed from steering the terminal or leaving its place in the path', async () => {
    for (const name of ['\u001b[2J', 'a\u202eb', '../../nodes', '..', '%2e%2e', 'a/b?c#d', '']) {
      for (const args of [
        ['network', 'show', '--', name],
        ['member', 'add', 'there', '--', name],
        [`nets${name}`],
      ]) {
        const { code, stdout, stderr } = await controller.weft(...args)
        assert.equal(code, 2, JSON.stringify(args))
        assert.match(stdout + stderr, /^[\n\P{C}]*$/u, JSON.stringify(args))
      }
    }
  })

  it('reads, checks and sets a policy, as YAML or JSON, and says which rule is wrong', async () => {
    await done(controller.weft('network', 'create', 'ruled'))
    const open = await done(controller.weft('policy', 'get', 'ruled'))
    assert.match(open, /^# etag: "net-[a-z2-7]{16}\.\d+\.0"\ndefault: allow\nrules: \[\]\n$/)
    const file = join(controller.dataDir, 'policy.yaml')
    const rule = '{ from: role=web, to: "*", ports: [22, 8000-8100] }'
    await writeFile(file, `default: deny\nrules:\n  - ${rule}\n`)
    const checked = await done(controller.weft('policy', 'check', 'ruled', file))
    assert.match(checked, /^0 links would appear, 0 would disappear\.\n/)
    assert.match(await done(controller.weft('policy', 'get', 'ruled')), /default: allow/)
    const set = await json(controller.weft('policy', 'set', 'ruled', file, '--json'))
    assert.deepEqual(set, {
      default: 'deny',
      rules: [{ from: 'role=web', to: '*', ports: [22, '8000-8100'] }],
    })
    assert.deepEqual(await json(controller.weft('policy', 'get', 'ruled', '--json')), set)
    const late = await controller.weft('policy', 'set', 'ruled', file, '--if-match', '"1.0"')
    assert.deepEqual([late.code, /changed since it was read/.test(late.stderr)], [6, true])
    await writeFile(file, JSON.stringify({ default: 'deny', rules: [{ from: 'nobody', to: '*' }] }))
    const wrong = await controller.weft('policy', 'set', 'ruled', file)
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /rules\.0\.from/)
    await writeFile(file, 'default: [')
    assert.match((await controller.weft('policy', 'check', 'ruled', file)).stderr, /cannot be read/)
  })

  it('takes changes of labels apart before it asks the controller', async () => {
    for (const [change, code] of [
      ['role=web', 5],
      ['role-', 5],
      ['role', 2],
      ['=web', 2],
    ] as const)
      assert.equal((await controller.weft('node', 'label', 'nobody', change)).code, code, change)
  })

  it('does not cut machines off without being told to when there is nobody to ask', async () => {
    await done(controller.weft('network', 'create', 'kept'))
    for (const args of [
      ['network', 'delete', 'kept'],
      ['node', 'remove', 'x'],
      ['member', 'remove', 'kept', 'x'],
    ]) {
      const outcome = await controller.weft(...args)
      assert.equal(outcome.code, 2)
      assert.match(outcome.stderr, /--yes/)
    }
    await done(controller.weft('network', 'show', 'kept'))
  })

  it('takes the token from a file, rather than the environment', async () => {
    const file = join(controller.dataDir, 'token')
    await writeFile(file, `${controller.env.WEFT_TOKEN}\n`)
    const env = { WEFT_URL: controller.env.WEFT_URL ?? '', WEFT_TOKEN: 'weft_wrong' }
    assert.equal((await weft(['network', 'list', '--token-file', file], { env })).code, 0)
    assert.equal((await weft(['network', 'list', '--token-file', `${file}x`], { env })).code, 2)
  })

  it('says when it is not allowed, does not know where, or finds nobody, or somebody else', async () => {
    const { WEFT_URL = '', WEFT_TOKEN = '' } = controller.env
    const [place, pin] = WEFT_URL.split('#')
    const run = (env: Record<string, string>) => weft(['network', 'list'], { env })
    const cases: [code: number, message: RegExp, env: Record<string, string>][] = [
      [4, /unknown, expired or revoked/, { WEFT_URL, WEFT_TOKEN: 'weft_wrong' }],
      [2, /no API token/, { WEFT_URL }],
      [2, /no API token/, { WEFT_URL, WEFT_TOKEN: 'weft_\r\nx: y' }],
      [2, /not said where/, { WEFT_TOKEN }],
      [2, /not whole/, { WEFT_URL: place ?? '', WEFT_TOKEN }],
      [2, /not whole/, { WEFT_URL: `http://127.0.0.1:7443#${pin}`, WEFT_TOKEN }],
      [3, /No controller answers/, { WEFT_URL: `unix:/nowhere.sock#${pin}`, WEFT_TOKEN }],
      [3, /No controller answers/, { WEFT_URL: `https://127.0.0.1:1#${pin}`, WEFT_TOKEN }],
      [4, /not the one that is pinned/, { WEFT_URL: `${place}#${'A'.repeat(43)}`, WEFT_TOKEN }],
    ]
    for (const [code, message, env] of cases) {
      const outcome = await run(env)
      assert.equal(outcome.code, code, outcome.stderr)
      assert.match(outcome.stderr, message)
      assert.equal(outcome.stderr.includes(WEFT_TOKEN), false)
    }
  })
})
