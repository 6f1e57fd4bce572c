/** One row of the progress: text, and a bar if the total is known. */
export interface ProgressRow {
  readonly label: string;
  readonly bar: { readonly value: number; readonly total: number } | undefined;
  readonly text: string;
}
