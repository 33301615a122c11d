/** Copies a text; false if the browser does not let it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

/** A page without a secure origin has no clipboard of its own, and may copy what is selected. */
function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea')
  field.value = text
  field.readOnly = true
  field.className = 'md-copy-field'
  document.body.append(field)
  const before = document.activeElement
  field.select()
  const well = document.execCommand('copy')
  field.remove()
  if (before instanceof HTMLElement)
    before.focus()
  return well
}
