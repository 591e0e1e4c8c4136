import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { WeftError } from '../errors.ts'
import type { PrivateKey } from '../keys/wireguard.ts'
import { type Command, commandsFor } from './commands.ts'
import type { Device, InterfaceName } from './device.ts'
import { parseDump } from './dump.ts'
import { interfaceQuery, parseInterface } from './interface.ts'
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
      for (const command of commandsFor(name, steps)) await take(command)
      if (steps.some((step) => step.kind === 'set-up')) await mustHavePort(name)
    },
  }
}

async function take(command: Command): Promise<void> {
  const { program, args } = command
  if (command.program === 'ip') await run(program, args, { input: command.input })
  else if (command.file === undefined) await run(program, args)
  else {
    await using file = await hiddenFile(command.file)
    await run(program, args, { descriptor: file.fd })
  }
}

/**
 * An open file that has no name, in memory where there is /dev/shm. `wg` opens /dev/stdin anew, which works for a file
 * and not for the socket that Node makes of a pipe.
 */
async function hiddenFile(content: PrivateKey | string): Promise<FileHandle> {
  const file = await openNameless('/dev/shm').catch(() => openNameless(tmpdir()))
  await file.writeFile(
    typeof content === 'string' ? content : Buffer.from(content.expose()).toString('base64'),
  )
  return file
}

/** Mode 0600. */
function openNameless(folder: string): Promise<FileHandle> {
  return open(folder, O_TMPFILE | constants.O_RDWR | constants.O_EXCL, 0o600)
}

/** open(2); Node has no name for it. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY

/** A wireguard-go that binds only when the link goes up just logs that the port is taken, and is left without one. */
async function mustHavePort(name: InterfaceName): Promise<void> {
  const port = await run('wg', ['show', name, 'listen-port'])
  if (port.trim() !== '0') return
  throw new WeftError('port-taken', `The UDP port of ${name} is used by another program.`, {
    advice: 'Stop the other program, or take another port.',
  })
}
