import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directions } from '../../src/cli/up/directions.ts'
import { beside, pathMatrix, pingMatrix } from '../../src/cli/up/matrix.ts'
import { deviations } from '../../src/cli/up/paths.ts'
import { requireAllAnswered } from '../../src/cli/up/show.ts'
import { cone } from '../../src/lab/homes.ts'
import type { Answer } from '../../src/lab/ping.ts'
import { startProgram } from './program.ts'

const UP = [process.execPath, 'deploy/setup.js', 'up']
const WEFT = [process.execPath, 'deploy/weft.js']
/** Root without the right to make namespaces stands for those who are not root. */
const UNPRIVILEGED = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-sys_admin', ...UP] : UP

test('a number of nodes that cannot be is refused in one sentence', async () => {
  for (const nodes of ['1', '17', '2.5', 'many', '']) {
    const program = startProgram([...UP, '--nodes', nodes])
    assert.equal(await program.code, 2)
    assert.match(program.output(), /--nodes.*whole number from 2 to 16/)
  }
})

test('without root the nodes are simulated, the lack is said in one line, and no pair is said to have answered', async () => {
  const program = startProgram([...UNPRIVILEGED, '--once', '--nodes', '2'])
  assert.equal(await program.code, 1, program.output())
  assert.match(program.output(), /^[^\n]+ the nodes are simulated, and no packets flow\.$/m)
  assert.match(program.output(), /2 simulated nodes have applied their plans; no pair was pinged/)
  assert.doesNotMatch(program.output(), /pairs answered/)
})

test('the matrix shows for each pair which families answered', () => {
  const names = ['node-1', 'node-2', 'node-3']
  const answers = [
    ...answersOf('node-1', 'node-2', true, true),
    ...answersOf('node-1', 'node-3', true, false),
    ...answersOf('node-2', 'node-1', false, true),
    ...answersOf('node-2', 'node-3', false, false),
    ...answersOf('node-3', 'node-1', true, true),
    ...answersOf('node-3', 'node-2', true, true),
  ]
  assert.deepEqual(
    pingMatrix(names, answers)
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ +/).slice(-3).join(' ')),
    ['1 2 3', 'node-1 4+6 4', 'node-2 6 -', 'node-3 4+6 4+6'],
  )
})

test('the matrix of paths names the relay, and marks what is not confirmed', () => {
  const pair = { from: 'a', to: 'b', kind: 'punched', via: undefined, up: true }
  const back = { ...pair, from: 'b', to: 'a', kind: 'relayed', via: 'relay-1', up: false }
  assert.deepEqual(pathMatrix(['a', 'b', 'c'], [pair, back]).trimEnd().split('\n'), [
    'FROM \\ TO  A         B        C',
    'a                    punched  -',
    'b          relay-1?           -',
    'c          -         -',
  ])
})

test('two matrices stand next to each other line by line', () => {
  assert.equal(beside('a\nlong\n', 'x\ny\n'), 'a       x\nlong    y\n')
})

test('a pair that talks over another path than the lab is made for is a deviation, and a failure', () => {
  const pair = { from: 'a-1', to: 'b-1', via: undefined, up: true }
  const paths = [
    { ...pair, kind: 'direct' },
    { ...pair, to: 'a-2', kind: 'lan' },
  ]
  const odd = deviations(paths, cone())
  assert.deepEqual(odd, [{ ...pair, kind: 'direct', expected: 'punched' }])
  const shown = { names: ['a-1', 'b-1'], answers: answersOf('a-1', 'b-1', true, true) }
  requireAllAnswered({ ...shown, deviations: [] })
  assert.throws(() => requireAllAnswered({ ...shown, deviations: odd }), {
    message: /another path.*: 1 pair/,
  })
})

test('the list has every lab, and a lab that there is not is answered with it', async () => {
  const list = startProgram([...WEFT, 'lab', 'list', '--json'])
  assert.equal(await list.code, 0, list.output())
  const labs: { readonly name: string; readonly nodes: number }[] = JSON.parse(list.output())
  assert.deepEqual(labs.find(({ name }) => name === 'cone')?.nodes, 6)
  for (const args of [
    ['lab', 'cones'],
    ['up', '--lab', 'cones'],
  ]) {
    const program = startProgram([...WEFT, ...args])
    assert.notEqual(await program.code, 0)
    assert.match(program.output(), /no lab "cones".*flat, cone, symmetric/s)
  }
})

test('only the flat lab takes a number of nodes', async () => {
  const program = startProgram([...WEFT, 'up', '--lab', 'cone', '--nodes', '3'])
  assert.notEqual(await program.code, 0)
  assert.match(program.output(), /The lab cone has nodes of its own/)
})

test('a single pair that did not answer is a failure that names it', () => {
  const answers = [
    ...answersOf('node-1', 'node-2', true, false),
    ...answersOf('node-2', 'node-1', true, true),
  ]
  const names = ['node-1', 'node-2']
  requireAllAnswered({ names, answers: answers.filter(({ answered }) => answered), deviations: [] })
  assert.throws(() => requireAllAnswered({ names, answers, deviations: [] }), {
    message: /node-1 to node-2 over IPv6/,
  })
  assert.throws(() => requireAllAnswered({ names, answers: [], deviations: [] }), { code: 'unsupported' })
})

test('the three things to try name what is there', () => {
  const names = ['node-1', 'node-2']
  const shown = { names, answers: answersOf('node-1', 'node-2', true, true), deviations: [] }
  const at = { url: 'https://127.0.0.1:7443#pin', token: 'weft_token', controllers: [] }
  const text = directions(at, shown)
  assert.match(text, /WEFT_URL='https:\/\/127\.0\.0\.1:7443#pin' WEFT_TOKEN=weft_token$/m)
  assert.match(text, /ip netns exec weft-x-node-1 ping 10\.64\.2\.1 /)
  assert.match(text, /npx weft member remove demo node-2 --yes/)
  assert.doesNotMatch(directions(at, { names, answers: [], deviations: [] }), /netns/)
})

function answersOf(from: string, to: string, ipv4: boolean, ipv6: boolean): Answer[] {
  const host = { name: from, namespace: `weft-x-${from}`, addresses: [], agent: undefined, dir: '' }
  const programs = {
    exec: () => Promise.reject(new Error('not run here')),
    start: () => Promise.reject(new Error('not run here')),
  }
  const place = { from: { ...host, ...programs }, to, address: '10.64.2.1' }
  return [
    { ...place, family: 4, answered: ipv4 },
    { ...place, family: 6, answered: ipv6 },
  ]
}
