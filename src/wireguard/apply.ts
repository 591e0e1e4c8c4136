import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { PrivateKey } from '../keys/wireguard.ts'
import { type Command, commandsFor } from './commands.ts'
import type { Device, InterfaceName, ObservedDevice } from './device.ts'
import { parseDump } from './dump.ts'
import { interfaceQuery, parseInterface } from './interface.ts'
import { mustFindPortFree, mustHavePort } from './port.ts'
import { run } from './run.ts'

/** An interface that exists, by `wg` and `ip`: the same for WireGuard in the kernel and in userspace. */
export function toolDevice(name: InterfaceName): Device {
  const dump = async () => parseDump(await run('wg', ['show', name, 'dump']))
  return {
    name,
    async observe() {
      const query = run('ip', ['-j', '-d', '-batch', '-'], { input: interfaceQuery(name) })
      const [wireguard, link] = await Promise.all([dump(), query])
      return { ...wireguard, ...parseInterface(link) }
    },
    async observePeers() {
      return (await dump()).peers
    },
    async apply(steps) {
      const isToGoUp = steps.some((step) => step.kind === 'set-up')
      if (isToGoUp) await mustFindPortFree(name, steps)
      await takeAll(commandsFor(name, steps), () => (isToGoUp ? mustHavePort(name) : undefined))
    },
  }
}

/** The same for one that was just made: what it is need not be asked for, which takes as long as making it. */
export function newDevice(name: InterfaceName): Device {
  const device = toolDevice(name)
  let isUntouched = true
  const touch = () => {
    const before = isUntouched
    isUntouched = false
    return before
  }
  return {
    ...device,
    observe: async () => (touch() ? UNTOUCHED : device.observe()),
    apply(steps) {
      touch()
      return device.apply(steps)
    },
  }
}

/** The MTU is what the driver thinks right, so it has to be said. */
const UNTOUCHED: ObservedDevice = Object.freeze({
  publicKey: undefined,
  listenPort: 0,
  mtu: 0,
  alias: '',
  up: false,
  addresses: [],
  routes: new Map(),
  peers: new Map(),
})

/**
 * One after the other, but for peers in files, which take long, and the link before them: neither needs the other.
 * @param onLink to be called after the first run of `ip`
 */
async function takeAll(commands: readonly Command[], onLink: () => Promise<void> | undefined): Promise<void> {
  let isFirst = true
  for (const { command, files } of withFiles(commands)) {
    const takeLink = async () => {
      await take(command)
      if (command.program === 'ip' && isFirst) await onLink()
      if (command.program === 'ip') isFirst = false
    }
    await bothOf(takeLink(), takeInTurn(files))
  }
}

interface Stage {
  readonly command: Command
  /** The files that come after it, if it is about the link. */
  readonly files: Command[]
}

function withFiles(commands: readonly Command[]): readonly Stage[] {
  const stages: Stage[] = []
  for (const command of commands) {
    const last = stages.at(-1)
    if (last?.command.program === 'ip' && isFile(command)) last.files.push(command)
    else stages.push({ command, files: [] })
  }
  return stages
}

function isFile({ program, args }: Command): boolean {
  return program === 'wg' && args[0] === 'addconf'
}

async function takeInTurn(commands: readonly Command[]): Promise<void> {
  for (const command of commands) await take(command)
}

/** Waits for both also when one fails, so that nothing runs any more when the error is told. */
async function bothOf(...work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function take(command: Command): Promise<void> {
  const { program, args } = command
  if (command.program === 'ip') await run(program, args, { input: command.input })
  else if (command.file === undefined) await run(program, args)
  else {
    const descriptor = hiddenFile(command.file)
    try {
      await run(program, args, { descriptor })
    } finally {
      closeSync(descriptor)
    }
  }
}

/**
 * An open file that has no name, in memory where there is /dev/shm: nothing to wait for. `wg` opens /dev/stdin anew, which
 * works for a file and not for the socket that Node makes of a pipe.
 */
function hiddenFile(content: PrivateKey | string): number {
  const descriptor = openNameless()
  writeFileSync(
    descriptor,
    typeof content === 'string' ? content : Buffer.from(content.expose()).toString('base64'),
  )
  return descriptor
}

/** Mode 0600. */
function openNameless(): number {
  const flags = O_TMPFILE | constants.O_RDWR | constants.O_EXCL
  try {
    return openSync('/dev/shm', flags, 0o600)
  } catch {
    return openSync(tmpdir(), flags, 0o600)
  }
}

/** open(2); Node has no name for it. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY
