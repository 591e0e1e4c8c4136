import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { differenceText } from '../../src/cli/apply/difference.ts'
import { readWanted } from '../../src/cli/apply/document.ts'
import { WeftError } from '../../src/errors.ts'
import { Place } from '../api/fixture.ts'
import { type Outcome, weft } from './fixture.ts'

const directory = mkdtempSync(join(tmpdir(), 'weft-apply-'))
after(() => rmSync(directory, { recursive: true }))

function written(text: string): string {
  const file = join(directory, 'network.yaml')
  writeFileSync(file, text)
  return file
}

const HOSTILE = [
  '; reboot',
  '--help',
  '../x',
  'a'.repeat(300),
  '😀',
  'a\u202eb',
  '\u001b[2J',
  '__proto__',
  '',
]

describe('weft apply', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
  })
  after(() => place[Symbol.asyncDispose]())

  const run = (args: readonly string[], input = '') => {
    const WEFT_URL = `https://127.0.0.1:${place.port}#${place.controller.authority.fingerprint}`
    return weft(['apply', ...args], { env: { WEFT_URL, WEFT_TOKEN: place.token }, input })
  }
  const apply = (text: string, ...options: string[]): Promise<Outcome> =>
    run(['-f', written(text), ...options])
  const names = () => [...place.controller.state.networks.values()].map(({ name }) => name).sort()

  const DEMO = `
networks:
  demo:
    ipv4: 10.9.0.0/16
    members: []
    policy:
      default: deny
      rules:
        - { from: role=web, to: '*', ports: [443] }
  office: { topology: hub }
`

  it('shows the difference, does it when it is told to, and has nothing to do the second time', async () => {
    const shown = await apply(DEMO, '--dry-run')
    assert.equal(
      shown.stdout,
      [
        '+ networks.demo: 10.9.0.0/16, mesh',
        '~ networks.demo.policy.default: allow -> deny',
        '+ networks.demo.policy.rules: role=web to *, ports 443',
        '+ networks.office: 10.64.0.0/16, hub',
        '',
        '3 added, 1 changed, 0 removed. 0 links would appear, 0 would disappear; 0 members would be sent 0 bytes.',
        '',
      ].join('\n'),
    )
    const unasked = await apply(DEMO)
    assert.deepEqual([unasked.code, /Add --yes/.test(unasked.stderr)], [2, true])
    assert.deepEqual(names(), [])
    const done = await apply(DEMO, '--yes')
    assert.deepEqual([done.code, done.stdout.endsWith('Done: 3 added, 1 changed, 0 removed.\n')], [0, true])
    assert.deepEqual(names(), ['demo', 'office'])
    const again = await apply(DEMO, '--yes')
    assert.deepEqual([again.code, again.stdout], [0, 'Nothing to do: all is as the file says.\n'])
  })

  it('prunes only when it is told to', async () => {
    const kept = await apply('networks: { demo: {} }', '--yes')
    assert.match(
      kept.stdout,
      /^Nothing to do.*\n\nThere, and not in the file.*:\n {2}networks\.office: 0 members\n$/,
    )
    const pruned = await run(['-f', '-', '--yes', '--prune', '--json'], '{"networks": {"demo": {}}}')
    const gone = { change: 'remove', path: 'networks.office', before: '0 members' }
    assert.deepEqual(JSON.parse(pruned.stdout).changes, [gone])
    assert.deepEqual(names(), ['demo'])
  })

  it('names the line and the field of what is wrong, and what to do, and changes nothing', async () => {
    const { state } = place.controller
    const wrong = await apply('networks:\n  fresh:\n    members:\n      - nobody\n', '--yes')
    assert.deepEqual([wrong.code, wrong.stdout], [5, ''])
    assert.match(
      wrong.stderr,
      /^error: .*network\.yaml, line 4, networks\.fresh\.members\.0: There is no node 'nobody'\.\n {7}'weft node list' shows/,
    )
    const none = await run([])
    assert.deepEqual([none.code, /Give a file with -f/.test(none.stderr)], [2, true])
    assert.equal(place.controller.state, state)
  })

  it('takes hostile names for names, and shows them harmlessly', async () => {
    const { state } = place.controller
    const all = HOSTILE.map((name) => JSON.stringify(name))
    for (const text of [
      `networks: { ${all.map((name) => `${name}: {}`).join(', ')} }`,
      `networks: { fresh: { members: [${all.join(', ')}] } }`,
      `nodes: { "a\\u202eb": { labels: { "\\u001b[2J": "\\u001b]0;x\\u0007" } } }`,
    ]) {
      const { code, stdout, stderr } = await apply(text, '--yes')
      assert.deepEqual([code, stdout], [2, ''], stderr)
      assert.match(stderr, /^error: [\n\P{C}]*$/u)
    }
    assert.equal(place.controller.state, state)
  })

  it('prints the schema of such files', async () => {
    const { code, stdout } = await run(['--schema'])
    assert.equal(code, 0)
    assert.deepEqual(
      JSON.parse(stdout),
      JSON.parse((await place.get('/schemas/network.json', { token: null })).text),
    )
  })
})

describe('readWanted', () => {
  const lineOf = (text: string, field: string) => {
    const { locate } = readWanted(written(text))
    return Number(/line (\d+), /.exec(locate(new WeftError('not-found', 'x'), field).message)?.[1])
  }

  it('knows the line of every field, of lists, and of keys with dots', () => {
    const text =
      'nodes:\n  a:\n    labels:\n      x.y/z: 1\n      x: 2\nnetworks:\n  n:\n    members:\n      - a\n      - b\n'
    const lines = {
      'nodes.a': 2,
      'nodes.a.labels.x.y/z': 4,
      'nodes.a.labels.x': 5,
      'networks.n.members.1': 10,
      'networks.n.ipv4': 7,
    }
    for (const [field, line] of Object.entries(lines)) assert.equal(lineOf(text, field), line, field)
    assert.equal(lineOf('{"networks":\n {"n":\n  {"members": ["a",\n "b"]}}}', 'networks.n.members.1'), 4)
    assert.ok(Number.isNaN(lineOf(text, 'if-match')))
  })

  it('refuses what cannot be read, with its line', () => {
    const cases: [text: string, message: RegExp][] = [
      ['networks:\n  x: [\n', /line \d, column \d/],
      ['networks:\n  x: {}\n  x: {}\n', /line 3, column 3: Map keys must be unique/],
      ['- x\n', /must have 'networks'/],
      ['', /must have 'networks'/],
    ]
    for (const [text, message] of cases)
      assert.throws(() => readWanted(written(text)), { code: 'invalid-input', message })
    assert.throws(() => readWanted(join(directory, 'not')), { code: 'invalid-input', field: '--file' })
  })
})

describe('differenceText', () => {
  it('has nothing in it that steers a terminal', () => {
    const changes = HOSTILE.map((name) => ({
      change: 'add' as const,
      path: `nodes.${name}.labels.a`,
      before: name,
      after: name,
    }))
    const text = differenceText({ applied: false, changes, kept: changes })
    assert.match(text, /^[\n\P{C}]*$/u)
    assert.equal(text.split('\n').length, 2 * HOSTILE.length + 5)
  })
})
