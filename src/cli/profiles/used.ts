import { WeftError } from '../../errors.ts'
import type { Profiles } from './store.ts'

/** The name of the profile that counts: as given, else by WEFT_PROFILE, else the one in use. Throws `not-found` if there is none. */
export function usedProfile({ current }: Profiles, given: string | undefined): string {
  const name = given ?? (process.env.WEFT_PROFILE || current)
  if (name !== undefined) return name
  throw new WeftError('not-found', 'No profile is in use.', {
    advice: "Sign in with 'weft login URL', or choose one: 'weft profile use'.",
  })
}
