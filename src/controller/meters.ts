import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client'
import type { State } from '../model/state.ts'

/** Seconds: an fsync of a good disk, a barrier of Redis, a batch of thousands, a disk that fails. */
const DURABLE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** What is counted as it happens. */
export type Meters = ReturnType<typeof openMeters>

/** What is measured of the whole controller, and the counters of what goes to agents. @param of read when somebody asks */
export function openMeters(
  metrics: Registry,
  { state, connected }: { readonly state: () => State; readonly connected: () => number },
) {
  collectDefaultMetrics({ register: metrics })
  const registers = [metrics]
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  // Counted for every frame, so as plain numbers; the counters take them over when somebody asks.
  const sent = { frames: 0, bytes: 0 }
  const sum = (name: string, help: string, value: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  sum('weft_agent_frames_sent_total', 'Frames sent to agents.', () => sent.frames)
  sum('weft_agent_bytes_sent_total', 'Bytes of frames sent to agents.', () => sent.bytes)
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  gauge('weft_agents_connected', 'Agents with a session at this controller.', () => connected())
  gauge('weft_nodes', 'Nodes that have joined.', () => state().nodes.size)
  gauge('weft_networks', 'Private networks.', () => state().networks.size)
  gauge('weft_log_sequence', 'Sequence of the last log entry in the state.', () => state().sequence)
  const durable = new Histogram({
    name: 'weft_change_durable_seconds',
    help: 'From the wish for a change until it is decided and durable.',
    buckets: DURABLE_BUCKETS,
    registers,
  })
  return {
    durable: (milliseconds: number) => durable.observe(milliseconds / 1_000),
    encodings: counter('weft_content_encodings_total', 'Distinct contents that were encoded for agents.'),
    signatures: counter('weft_content_signatures_total', 'Distinct contents that were signed for agents.'),
    sent: (count: number, size: number) => {
      sent.frames += count
      sent.bytes += size
    },
  }
}
