import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { EXIT_CODES } from '../../src/cli/exit.ts'
import { MAIN, weft } from './fixture.ts'

const COMMANDS = [
  'controller',
  'agent',
  'network create',
  'network list',
  'network show',
  'network delete',
  'network share',
  'network unshare',
  'network grants',
  'login',
  'logout',
  'profile list',
  'profile use',
  'profile show',
  'profile delete',
  'project create',
  'project list',
  'project show',
  'project delete',
  'api-token create',
  'api-token list',
  'api-token show',
  'api-token revoke',
  'api-token whoami',
  'member add',
  'member list',
  'member show',
  'member remove',
  'node list',
  'node show',
  'node roles',
  'node remove',
  'token create',
  'token list',
  'token revoke',
  'apply',
  'graph',
  'link',
  'history',
  'events',
  'status',
  'errors',
  'explain',
  'completion',
  'log verify',
  'log export',
  'log import',
  'log backup',
  'up',
]

const REPORT = 'process.on("exit", () => process.stderr.write(JSON.stringify(process.cpuUsage())))'

/** Least milliseconds of processor time of a few runs: what else the machine does only ever adds to it. */
function cheapest(args: readonly string[]): number {
  const runs = Array.from({ length: 5 }, () => {
    const { stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${REPORT}`, ...args])
    const { user, system } = JSON.parse(String(stderr))
    return (user + system) / 1_000
  })
  return Math.min(...runs)
}

describe('weft --help', () => {
  it('names every command, has examples, and explains every exit code', async () => {
    const { code, stdout, stderr } = await weft(['--help'])
    assert.deepEqual([code, stderr], [0, ''])
    for (const name of new Set(COMMANDS.map((command) => command.split(' ')[0]))) {
      assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'))
    }
    for (const [exit, meaning] of Object.entries(EXIT_CODES))
      assert.ok(stdout.includes(`${exit}  ${meaning}`))
    assert.match(stdout, /^Examples:$/m)
  })

  it('takes no more than 150 ms of processor time beside what Node itself takes', () => {
    const own = cheapest([MAIN, '--help']) - cheapest(['-e', '0'])
    assert.ok(own < 150, `${own} ms`)
  })

  it('prints the version of the package', async () => {
    const { code, stdout } = await weft(['--version'])
    assert.deepEqual([code, /^\d+\.\d+\.\d+\n$/.test(stdout)], [0, true])
  })

  it('comes on stderr, as wrong usage, when no command is given', async () => {
    for (const args of [[], ['network']]) {
      const { code, stdout, stderr } = await weft(args)
      assert.deepEqual([code, stdout, /^Usage: weft/.test(stderr)], [2, '', true])
    }
  })
})

describe('the help of each command', () => {
  for (const command of COMMANDS) {
    it(`says what it does: ${command}`, async () => {
      const { code, stdout } = await weft([...command.split(' '), '--help'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^Usage: weft ${command} .*\\n\\n[A-Z].*\\.`))
    })
  }
})
