import type { Address } from './address.ts'

/** Where one of those who decide has the log, and who may be promoted there. */
export interface Opinion {
  /** Of the one who has it. */
  readonly id: string
  readonly epoch: number
  readonly primary: Address
  readonly promotable: readonly string[]
  readonly bystanders: readonly string[]
  /** How many it knows that have an opinion, itself among them. */
  readonly voices: number
}
