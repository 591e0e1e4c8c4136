const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `1.2 MB`. */
export function bytes(count: number): string {
  const unit = count < 1 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), UNITS.length - 1)
  const value = count / 1000 ** unit
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** Bytes a second, as bits, as links are measured. */
export function rate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8
  const unit = bits < 1 ? 0 : Math.min(Math.floor(Math.log10(bits) / 3), 3)
  const value = bits / 1000 ** unit
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'][unit]}`
}

/** `12 s`, `4 min`, `3 h`, `5 d`. */
export function age(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** An instant in the time zone of who looks. */
export function when(instant: string): string {
  return moment.format(new Date(instant))
}

const number = new Intl.NumberFormat('en')

export function count(value: number): string {
  return number.format(value)
}

/** `1 link`, `2,000 links`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}
