import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'

const UNITS = 'deploy/systemd'
/** Where the units expect the clone. */
const INSTALLED = '/opt/weft'
/** Exposure of systemd-analyze(1), 0 to 10. There is little left to take away: kernel tunables, which relays need, count 0.2. */
const EXPOSURE_MAX = 2.2

const skip = spawnSync('systemd-analyze', ['--version']).error ? 'systemd-analyze is not installed' : false

test('systemd finds nothing to complain about in the units', { skip }, (context) => {
  for (const unit of installUnits(context)) {
    const { output, code } = analyze('verify', unit)
    assert.equal(output, '')
    assert.equal(code, 0)
  }
})

test('systemd rates the exposure of every unit as OK and below the limit', { skip }, (context) => {
  for (const unit of installUnits(context)) {
    const { output } = analyze('security', '--offline=true', '--no-pager', unit)
    const [, exposure, rating] = output.match(/Overall exposure level for .*: ([\d.]+) (\w+)/) ?? []
    assert.equal(rating, 'OK', output)
    assert.ok(Number(exposure) < EXPOSURE_MAX, `${unit}: ${exposure}`)
  }
})

test('the controller has no capability at all, the agent CAP_NET_ADMIN alone', () => {
  assert.deepEqual(setting('weft-controller', 'CapabilityBoundingSet'), [''])
  assert.deepEqual(setting('weft-controller', 'AmbientCapabilities'), [])
  assert.deepEqual(setting('weft-agent', 'CapabilityBoundingSet'), ['CAP_NET_ADMIN'])
  assert.deepEqual(setting('weft-agent', 'AmbientCapabilities'), ['CAP_NET_ADMIN'])
})

test('a stop of the agent ends the agent alone, and the control sockets of its tunnels stay', () => {
  assert.deepEqual(setting('weft-agent', 'KillMode'), ['process'])
  assert.deepEqual(setting('weft-agent', 'RuntimeDirectoryPreserve'), ['yes'])
})

test('what was compiled is kept in a folder that only the service may write to', () => {
  for (const unit of ['weft-agent', 'weft-controller']) {
    assert.deepEqual(setting(unit, 'CacheDirectory'), [unit])
    assert.deepEqual(setting(unit, 'CacheDirectoryMode'), ['0700'])
    assert.deepEqual(setting(unit, 'Environment'), [`NODE_COMPILE_CACHE=%C/${unit}`])
  }
})

/** Copies of the units that name this clone, for systemd looks whether the programs are there. */
function installUnits(context: TestContext): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'weft-units-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return readdirSync(UNITS).map((name) => {
    const unit = join(folder, name)
    writeFileSync(unit, readFileSync(join(UNITS, name), 'utf8').replaceAll(INSTALLED, resolve('.')))
    return unit
  })
}

function analyze(...args: string[]): { output: string; code: number | null } {
  const { stdout, stderr, status } = spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 60_000 })
  return { output: stdout + stderr, code: status }
}

function setting(unit: string, key: string): string[] {
  const lines = readFileSync(`${UNITS}/${unit}.service`, 'utf8').split('\n')
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
}
