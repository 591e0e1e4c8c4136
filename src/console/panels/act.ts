import { useState } from 'preact/hooks'

/** Something that is done at a click, one at a time: whether it is under way, and why it failed. */
export function useAct() {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(undefined)
  const run = async (act: () => Promise<unknown>) => {
    setBusy(true)
    setError(undefined)
    try {
      await act()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, error, run }
}
