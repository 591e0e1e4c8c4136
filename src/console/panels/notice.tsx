import { Refusal } from '../api/client.ts'

/** What went wrong, and what to do about it, in the words of the controller. */
export function Notice({ error }: { readonly error: unknown }) {
  if (error === undefined) return null
  const advice = error instanceof Refusal ? error.advice : ''
  return (
    <div class="notice" role="alert">
      <strong>{error instanceof Error ? error.message : String(error)}</strong>
      {advice !== '' && <p>{advice}</p>}
    </div>
  )
}
