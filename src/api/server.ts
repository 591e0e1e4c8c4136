import { once } from 'node:events'
import type { RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { Counter, Gauge } from 'prom-client'
import { systemClock } from '../clock.ts'
import type { Controller } from '../controller/controller.ts'
import { parseListenPlace } from '../controller/places.ts'
import { systemRandom } from '../keys/random.ts'
import { createApp } from './app.ts'
import { Gate } from './gate.ts'
import { createHttpServer, listen } from './listen.ts'
import { type StrangerLimits, Strangers } from './strangers.ts'
import { createUpgradeHandler } from './upgrade.ts'

export interface RunningServer {
  /** Where it listens, as in the settings, with the ports that were really taken. */
  readonly places: readonly string[]
  /**
   * Takes no more connections and waits for the requests under way, GRACE ms at most. The websockets of agents stay:
   * they are the controller's, which tells them that it goes.
   */
  close(): Promise<void>
}

/** What is left after this many ms is cut off. */
const GRACE = 5_000

/** Sockets that have proven nothing. One address may be a whole site behind NAT, or an attacker. */
const STRANGERS: StrangerLimits = { total: 20_000, perAddress: 2_000 }

/** Serves REST and the websockets of agents at all places of the settings. Throws `invalid-config` when one cannot be had. */
export async function startServer(
  controller: Controller,
  log: FastifyBaseLogger,
  limits: StrangerLimits = STRANGERS,
): Promise<RunningServer> {
  if (controller.settings.insecurePlainWebsocket) {
    log.warn('insecurePlainWebsocket is on: everything travels without TLS, tokens too')
  }
  const strangers = new Strangers(limits)
  const gate = new Gate(systemClock)
  measure(controller, gate)
  const onKnown = (socket: Socket) => {
    strangers.known(socket)
    gate.known(socket)
  }
  const app = await createApp(controller, {
    log,
    random: systemRandom,
    clock: systemClock,
    onKnown,
  })
  const underWay = new Set<ServerResponse>()
  const serve: RequestListener = (request, response) => {
    underWay.add(response)
    response.once('close', () => underWay.delete(response))
    app.routing(request, response)
  }
  const upgrade = createUpgradeHandler(controller, {
    onKnown,
    onHandedOver: (socket) => strangers.handedOver(socket),
  })
  const listeners = controller.settings.listen.map((text) => ({
    place: parseListenPlace(text),
    server: createHttpServer(controller, { serve, upgrade, strangers, gate }),
  }))
  const close = async () => {
    for (const { server } of listeners) server.close()
    gate.close()
    await Promise.race([finished(underWay), wait(GRACE, undefined, { ref: false })])
    for (const { server } of listeners) server.closeAllConnections()
    strangers.close()
    await app.close()
  }
  try {
    const places = await Promise.all(listeners.map(({ server, place }) => listen(server, place)))
    controller.servedAt(places)
    return { places, close }
  } catch (error) {
    await close()
    throw error
  }
}

function measure({ metrics: registry }: Controller, gate: Gate): void {
  const registers = [registry]
  for (const name of ['weft_callers_waiting', 'weft_callers_refused_total']) registry.removeSingleMetric(name)
  new Gauge({
    name: 'weft_callers_waiting',
    help: 'Connections that wait for their TLS handshake to begin.',
    registers,
    collect() {
      this.set(gate.waiting)
    },
  })
  new Counter({
    name: 'weft_callers_refused_total',
    help: 'Connections that waited too long for that and were closed.',
    registers,
    collect() {
      this.reset()
      this.inc(gate.refused)
    },
  })
}

async function finished(underWay: ReadonlySet<ServerResponse>): Promise<void> {
  for (const response of underWay) await once(response, 'close')
}
