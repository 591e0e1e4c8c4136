import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

/** What a set-up that finds all in place may cost, in ms. */
const OVERHEAD_MS = 300
const TRIES = 3
/** Stands for a Node that cannot replace itself, which is any before 22.15. */
const OLD_NODE = ['--import', 'data:text/javascript,process.execve=undefined']
const MAIN = `
process.on('SIGTERM', () => process.exit(9))
process.stdout.write('main ' + JSON.stringify(process.argv.slice(2)) + '\\n')
if (process.argv.includes('wait')) setInterval(() => {}, 1000)
else process.exitCode = 7
`
const NPM = `echo "npm $*" >> calls; mkdir -p node_modules; cp package-lock.json node_modules/.package-lock.json`
/** Makes of the console what the server looks for, and of the program one that says that it is built. */
const VITE = `
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs')
const at = process.argv.indexOf('--outDir')
const folder = at < 0 ? 'dist/console' : process.argv[at + 1]
mkdirSync(folder, { recursive: true })
if (at < 0) writeFileSync('dist/console/index.html', '')
else writeFileSync(folder + '/main.js', 'process.stdout.write("built ");' + readFileSync('src/cli/main.ts'))
`
/** Has no package list before it is told to fetch one. */
const APT = 'echo "apt-get $*" >> calls; case "$*" in *update*) touch updated;; esac; test -e updated'

test('the first run installs the packages, the second finds them and costs little', (context) => {
  const clone = createClone(context, { npm: NPM })
  const first = clone.run(['deploy/setup.js', 'up', '--flag'])
  assert.match(first.stderr, /npm ci/)
  assert.equal(first.stdout, 'built main ["up","--flag"]\n')
  assert.equal(first.status, 7)
  const second = clone.run(['deploy/setup.js', 'up'])
  assert.equal(second.stderr, '')
  assert.deepEqual(clone.calls(), ['npm ci --ignore-scripts --loglevel=error'])
  const cost =
    bestMs(() => clone.run(['deploy/setup.js', 'up'])) - bestMs(() => clone.run(['src/cli/main.ts']))
  assert.ok(cost < OVERHEAD_MS, `${cost} ms`)
})

/** Other work on the machine may slow a run down, and never speeds one up. */
function bestMs(run: () => unknown): number {
  const times = Array.from({ length: TRIES }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return Math.min(...times)
}

test('a lock file that changed, or an installation that broke off, is installed again', (context) => {
  const clone = createClone(context, { npm: NPM })
  clone.run(['deploy/setup.js', 'up'])
  clone.write('package-lock.json', lock({ 'node_modules/x': { integrity: 'sha512-new' } }))
  clone.run(['deploy/setup.js', 'up'])
  rmSync(join(clone.path, 'node_modules/.package-lock.json'))
  clone.run(['deploy/setup.js', 'up'])
  assert.equal(clone.calls().length, 3)
})

test('packages of other platforms may be absent, others may not', (context) => {
  const clone = createClone(context, { npm: NPM })
  clone.write('node_modules/.package-lock.json', lock({}))
  clone.write('package-lock.json', lock({ 'node_modules/x': { integrity: 'sha512-x', optional: true } }))
  clone.run(['deploy/setup.js', 'up'])
  assert.deepEqual(clone.calls(), [])
  clone.write('package-lock.json', lock({ 'node_modules/x': { integrity: 'sha512-x' } }))
  clone.run(['deploy/setup.js', 'up'])
  assert.equal(clone.calls().length, 1)
})

test('when npm cannot install, one sentence says which command would', (context) => {
  const clone = createClone(context, { npm: 'echo no network >&2; exit 1' })
  const { status, stderr, stdout } = clone.run(['deploy/setup.js', 'up'])
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /no network/)
  assert.match(stderr.trimEnd().split('\n').at(-1) ?? '', /registry.*`npm ci`/)
})

test('missing programs are installed by root, and named with the command to others', (context) => {
  const clone = createClone(context, { npm: NPM, 'apt-get': APT })
  // Without /usr/bin there are no ping and no wg.
  const { stderr, stdout } = clone.run(['deploy/setup.js', 'up'], { PATH: clone.bin })
  assert.match(stderr, /wireguard-tools.*iputils-ping/)
  assert.match(stderr, /apt-get/)
  assert.equal(stdout, 'built main ["up"]\n')
  if (process.getuid?.() !== 0) return
  const [install, update, again] = clone.calls().filter((call) => call.startsWith('apt-get'))
  assert.match(install ?? '', /install --yes --no-install-recommends .*wireguard-tools/)
  assert.match(update ?? '', /update$/)
  assert.equal(again, install)
})

test('what was built is run while the sources stand as they were, else these, also where nothing can be built', (context) => {
  const clone = createClone(context, { npm: NPM })
  const started = () => clone.run(['deploy/weft.js']).stdout
  assert.equal(started(), 'main []\n')
  const build = clone.run(['deploy/setup.js', 'build'])
  assert.match(build.stderr, /building the program/)
  assert.equal(build.status, 0)
  assert.equal(started(), 'built main []\n')
  assert.equal(clone.run(['deploy/setup.js', 'build']).stderr, '')
  clone.write('src/added.ts', '')
  assert.equal(started(), 'main []\n')
  clone.write('node_modules/vite/bin/vite.js', 'process.stderr.write("no space"); process.exitCode = 1')
  const { stdout, stderr } = clone.run(['deploy/setup.js', 'up'])
  assert.match(stderr, /the program could not be built: no space/)
  assert.equal(stdout, 'main ["up"]\n')
  assert.equal(clone.run(['deploy/setup.js', 'build']).status, 1)
  rmSync(join(clone.path, 'src/added.ts'))
  assert.equal(started(), 'built main []\n')
  for (const file of ['package-lock.json', 'config/program.js']) rmSync(join(clone.path, file))
  assert.equal(started(), 'main []\n')
})

test('these sources can be put together, and what is run then is that', () => {
  const built = spawnSync(process.execPath, ['deploy/setup.js', 'build'], { encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  const ask = `import('./deploy/setup/program.js').then(({ programFile }) => process.stdout.write(programFile()))`
  const { stdout } = spawnSync(process.execPath, ['-e', ask], { encoding: 'utf8' })
  assert.match(stdout, /\/dist\/weft\/[0-9a-f]{16}\/main\.js$/)
})

test('a program that runs finds the files of its build, also when others were made since', (context) => {
  const clone = createClone(context, { npm: NPM })
  for (let build = 0; build < 12; build++) {
    clone.write('src/changed.ts', `// ${'x'.repeat(build)}`)
    clone.run(['deploy/setup.js', 'build'])
  }
  assert.equal(readdirSync(join(clone.path, 'dist/weft')).length, 10)
  assert.equal(clone.run(['deploy/weft.js']).stdout, 'built main []\n')
})

test('check needs no programs, and a command that does not exist is refused by name', (context) => {
  const clone = createClone(context, { npm: NPM })
  clone.write('test/run.ts', MAIN)
  assert.doesNotMatch(clone.run(['deploy/setup.js', 'check'], { PATH: clone.bin }).stderr, /apt-get/)
  const { status, stderr } = clone.run(['deploy/setup.js', 'dance'])
  assert.equal(status, 2)
  assert.match(stderr, /"dance"/)
})

for (const [kind, options] of [
  ['becomes', []],
  ['on an old Node follows', OLD_NODE],
] as const) {
  test(`weft ${kind} the program: arguments, exit code and signals are its own`, async (context) => {
    const clone = createClone(context, { npm: NPM })
    const { stdout, status } = clone.run([...options, 'deploy/weft.js', 'a b', '--c'])
    assert.equal(stdout, 'main ["a b","--c"]\n')
    assert.equal(status, 7)
    assert.deepEqual(await clone.endBy([...options, 'deploy/weft.js', 'wait'], 'SIGTERM'), [9, null])
    assert.deepEqual(await clone.endBy([...options, 'deploy/weft.js', 'wait'], 'SIGINT'), [null, 'SIGINT'])
  })
}

interface Clone {
  readonly path: string
  /** The folder of the stand-ins for npm and apt-get. */
  readonly bin: string
  write(file: string, text: string): void
  run(args: readonly string[], env?: Record<string, string>): SpawnSyncReturns<string>
  /** Sends a signal when the program has spoken; gives exit code and signal. */
  endBy(args: readonly string[], signal: NodeJS.Signals): Promise<unknown[]>
  calls(): string[]
}

/** A folder with the deploy scripts as they are, and stand-ins for what they call. */
function createClone(context: TestContext, programs: Record<string, string>): Clone {
  const path = mkdtempSync(join(tmpdir(), 'weft-clone-'))
  context.after(() => rmSync(path, { recursive: true }))
  const bin = join(path, 'bin')
  const write = (file: string, text: string, mode = 0o644) => {
    mkdirSync(join(path, file, '..'), { recursive: true })
    writeFileSync(join(path, file), text, { mode })
  }
  cpSync('deploy', join(path, 'deploy'), { recursive: true })
  write('package.json', '{ "type": "module" }')
  write('package-lock.json', lock({}))
  write('src/cli/main.ts', MAIN)
  write('src/console/index.html', '')
  write('config/console.js', '')
  write('config/program.js', '')
  write('node_modules/vite/bin/vite.js', VITE)
  for (const [name, script] of Object.entries(programs)) {
    write(`bin/${name}`, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`, 0o755)
  }
  const environment = { PATH: `${bin}:${process.env.PATH}` }
  return {
    path,
    bin,
    write,
    run: (args, env = {}) =>
      spawnSync(process.execPath, args, { cwd: path, encoding: 'utf8', env: { ...environment, ...env } }),
    async endBy(args, signal) {
      const child = spawn(process.execPath, args, { cwd: path, env: environment })
      await once(child.stdout, 'data')
      child.kill(signal)
      return once(child, 'exit')
    },
    calls: () =>
      existsSync(join(path, 'calls')) ? readFileSync(join(path, 'calls'), 'utf8').trim().split('\n') : [],
  }
}

function lock(packages: Record<string, object>): string {
  return JSON.stringify({ packages: { '': {}, ...packages } })
}
