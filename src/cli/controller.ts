import { Command } from 'commander'
import { startServer } from '../api/server.ts'
import { systemClock } from '../clock.ts'
import type { Controller } from '../controller/controller.ts'
import { openController } from '../controller/open.ts'
import { type ControllerSettings, controllerSettings } from '../controller/settings.ts'
import { systemRandom } from '../keys/random.ts'
import { openLogger } from './logger.ts'
import { addSettingOptions, settingsFrom } from './options.ts'
import { aborted, stopSignal } from './signals.ts'

const EXAMPLES = `
Examples:
  weft controller
  weft controller --data-dir /srv/weft --listen 127.0.0.1:7443 --listen unix:/run/weft.sock
  WEFT_LISTEN=0.0.0.0:7443 weft controller --config /etc/weft/controller.yaml

It prints its URL, and at the first start the first API token, on stdout; its log goes to stderr.`

/** `weft controller` */
export function controllerCommand(): Command {
  const command = new Command('controller').description('Run the controller until SIGTERM or SIGINT.')
  return addSettingOptions(command, controllerSettings)
    .addHelpText('after', EXAMPLES)
    .action((flags: Record<string, unknown>) =>
      runController(settingsFrom(controllerSettings, flags, 'controller.yaml')),
    )
}

/** Resolves after an orderly stop; rejects with the reason when the controller cannot go on. */
async function runController(settings: ControllerSettings): Promise<void> {
  const log = openLogger(settings.logLevel)
  const stop = stopSignal()
  await using controller = await openController(settings, { clock: systemClock, random: systemRandom, log })
  const server = await startServer(controller, log)
  log.info({ places: server.places }, 'listening')
  announce(controller, server.places)
  const fault = await Promise.race([aborted(stop), controller.fatal])
  if (fault) log.fatal({ code: fault.code, reason: fault.message }, 'stopping')
  else log.info('stopping')
  controller.drain()
  await server.close()
  if (fault) throw fault
}

/** Lines that people copy and programs look for. */
function announce(controller: Controller, places: readonly string[]): void {
  const scheme = controller.settings.insecurePlainWebsocket ? 'http://' : 'https://'
  for (const place of places) {
    const url = place.startsWith('unix:') ? place : `${scheme}${place}`
    process.stdout.write(`url: ${url}#${controller.authority.fingerprint}\n`)
  }
  const token = controller.firstAdminToken
  if (!token) return
  process.stdout.write(`admin token: ${Buffer.from(token.expose()).toString()}\n`)
  token.forget()
}
