import { spawn } from './spawn.js';
import type {
  Ask,
  AskName,
  Asks,
  FromWorker,
  Input,
  Opened,
  Problem,
  Progress,
  Result,
  ToWorker,
} from './protocol.js';

interface Events {
  progress(progress: Progress): void;
  ready(result: Result): void;
  failed(problem: Problem): void;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(problem: Problem): void;
}

/** One result and the worker that answers for it: stopping it cancels at once and gives all its memory back. */
export class Session {
  readonly #worker = spawn();
  readonly #events: Events;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(job: Input | Opened, events: Events) {
    this.#events = events;
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) =>
      this.#crashed(event.message || 'the worker of this page could not start');
    this.#worker.onmessageerror = () => this.#crashed('a message of the worker could not be read');
    this.#send('from' in job ? { type: 'scan', input: job } : { type: 'open', opened: job });
  }

  /** Rejects with a {@link Problem}; one with `ABORTED` after the signal fired. */
  ask<N extends AskName>(ask: N, query: Asks[N]['query'], signal?: AbortSignal): Promise<Asks[N]['answer']> {
    const id = ++this.#asked;
    this.#send({ type: 'ask', id, ask, query } as Ask);
    const answer = new Promise<Asks[N]['answer']>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
    });
    const drop = () => this.#send({ type: 'drop', id });
    signal?.addEventListener('abort', drop);
    const settled = () => signal?.removeEventListener('abort', drop);
    answer.then(settled, settled);
    return answer;
  }

  stop(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'progress':
        return this.#events.progress(message.progress);
      case 'ready':
        return this.#events.ready(message.result);
      case 'failed':
        return this.#events.failed(message.problem);
      case 'answer':
        this.#waiting.get(message.id)?.resolve(message.answer);
        break;
      case 'refused':
        this.#waiting.get(message.id)?.reject(message.problem);
    }
    this.#waiting.delete(message.id);
  }

  #crashed(message: string): void {
    this.stop();
    this.#events.failed({ code: 'INTERNAL', message });
  }
}
