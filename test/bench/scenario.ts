/** What a scenario found; the fields that apply. */
export interface Result {
  readonly scenario: string
  readonly agents?: number
  readonly peers?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly maxMs?: number
  /** The same work without the controller, the agent or the engine, measured in the same run. */
  readonly floorMs?: number
  /** Ours against the floor. */
  readonly ratio?: number
  readonly bytesPerAgent?: number
  /** Distinct contents that were encoded and signed for the change that was measured. */
  readonly encodings?: number
  readonly signatures?: number
  readonly rssMb?: number
  readonly notes: readonly string[]
}

export interface Options {
  /** How many agents, or members where there are none; the scenario's own numbers if undefined. */
  readonly agents: number | undefined
  /** How often to measure, where a scenario does that more than once. */
  readonly samples: number | undefined
  /** Folder for CPU profiles of the controller. */
  readonly profile: string | undefined
  /** Tells a person how far it is. */
  readonly say: (line: string) => void
}

export interface Scenario {
  readonly name: string
  /** What is done, in a clause. */
  readonly work: string
  /** What it is to reach, as docs have it. */
  readonly goal: string
  readonly needsRoot?: boolean
  run(options: Options): Promise<readonly Result[]>
}

/** Milliseconds by a clock that all processes of this machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Three digits behind the point below ten, two above, and none from a thousand on. */
export function round(value: number): number {
  const digits = value >= 1_000 ? 1 : value >= 10 ? 100 : 1_000
  return Math.round(value * digits) / digits
}
