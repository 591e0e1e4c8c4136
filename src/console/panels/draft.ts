import { useEffect, useState } from 'preact/hooks'

/** What somebody types before it counts: a live update that draws the page anew must not take it away. */
export function useDraft(value: string) {
  const [draft, setDraft] = useState(value)
  useEffect(() => setDraft(value), [value])
  return {
    value: draft,
    onInput: (event: { currentTarget: HTMLInputElement }) => setDraft(event.currentTarget.value),
  }
}
