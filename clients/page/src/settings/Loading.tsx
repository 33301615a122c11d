/** What stands where an answer will be, or why there is none. */
export const Loading = ({ error, reload }: { error: string; reload: () => void }) =>
  error ? (
    <p class="notice" role="alert">
      {error}{' '}
      <button type="button" class="link" onClick={reload}>
        Try again
      </button>
    </p>
  ) : (
    <div class="loading" role="status" aria-label="Loading">
      <span class="spinner" />
    </div>
  )
