import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WeftError } from '../errors.ts'
import { locate, run } from '../wireguard/run.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { addressesOf } from './internet.ts'
import { type RunDir, recordProcess } from './rundir.ts'
import type { AgentPlan, HostPlan } from './topology.ts'
import { namespaceOf } from './wiring.ts'

/** A machine of the lab: a network namespace, or in a lab without isolation nothing but a name and a folder. */
export interface Host {
  readonly name: string
  /** As ip(8) knows it; undefined in a lab without isolation. */
  readonly namespace: string | undefined
  /** Own addresses on the underlay, without prefix length, as they were when the lab was built. */
  readonly addresses: readonly string[]
  /** What the agent on it is to be; undefined on hosts that run none. */
  readonly agent: AgentPlan | undefined
  /** Folder for the data and logs of this host; it goes with the lab. */
  readonly dir: string
  /**
   * Runs a program to its end, `timeout` ms at most, and gives what it printed. Rejects with `program-failed`, also when
   * its exit code is not 0, and with `unsupported` in a lab without isolation.
   */
  exec(program: string, args: readonly string[], timeout?: number): Promise<string>
  /**
   * Starts a program that runs on; what it prints goes to `NAME.out` and `NAME.log` in `dir`. It ends with the lab.
   * `env` is added to an environment that has little more than a PATH.
   */
  start(name: string, command: Command, env?: Readonly<Record<string, string>>): Promise<Daemon>
}

/** A program, as a path or as found in PATH, and its arguments. */
export type Command = readonly [string, ...string[]]

/** The one environment of all programs of a lab: they must not depend on who starts it. */
const ENVIRONMENT = Object.freeze({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  // As the launcher sets it (deploy/setup/launch.js): it halves the time that a daemon takes to start.
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/weft', import.meta.url)),
})

/** A handle on one host of a lab whose namespaces are there, or that needs none. */
export function createHost(plan: HostPlan, runDir: RunDir, isolated: boolean): Host {
  const { name } = plan
  const dir = join(runDir.path, name)
  const namespace = isolated ? namespaceOf(runDir.id, name) : undefined
  mkdirSync(dir, { mode: 0o700 })
  return {
    name,
    namespace,
    addresses: plan.ports.flatMap(addressesOf),
    agent: plan.agent,
    dir,
    async exec(program, args, timeout) {
      if (!namespace)
        throw new WeftError('unsupported', 'This lab has no network of its own to run programs in.')
      const limit = timeout === undefined ? {} : { timeout }
      return run('ip', ['netns', 'exec', namespace, program, ...args], limit)
    },
    async start(daemon, command, env = {}) {
      const started = await startDaemon(inside(namespace, command), {
        name: `${daemon} on ${name}`,
        stdout: join(dir, `${daemon}.out`),
        stderr: join(dir, `${daemon}.log`),
        env: { ...ENVIRONMENT, ...env },
      })
      recordProcess(runDir, started.pid)
      return started
    },
  }
}

/** `ip netns exec` becomes the program, so the process that is started is the program itself. */
function inside(namespace: string | undefined, command: Command): Command {
  return namespace ? [locate('ip'), 'netns', 'exec', namespace, ...command] : command
}
