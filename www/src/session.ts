import type { Page } from '../../js/types.js';
import type {
  FromWorker,
  Input,
  List,
  Lists,
  PageRequest,
  Problem,
  Progress,
  Result,
  ToWorker,
} from './protocol.js';

interface Events {
  progress(progress: Progress): void;
  scanned(result: Result): void;
  failed(problem: Problem): void;
}

interface Waiting {
  resolve(page: Page<Lists[List]['row']>): void;
  reject(problem: Problem): void;
}

/** One scan and its result, in a worker of its own: stopping it cancels at once and gives all its memory back. */
export class Session {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  readonly #events: Events;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor(input: Input, events: Events) {
    this.#events = events;
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) =>
      this.#crashed(event.message || 'the worker of this page could not start');
    this.#worker.onmessageerror = () => this.#crashed('a message of the worker could not be read');
    this.#send({ type: 'scan', input });
  }

  /** One page of a list; rejects with a {@link Problem}. */
  page<L extends List>(list: L, query: Lists[L]['query']): Promise<Page<Lists[L]['row']>> {
    const id = ++this.#asked;
    this.#send({ type: 'page', id, list, query } as PageRequest);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
    });
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
      case 'scanned':
        return this.#events.scanned(message.result);
      case 'failed':
        return this.#events.failed(message.problem);
      case 'page':
        this.#waiting.get(message.id)?.resolve(message.page);
        break;
      case 'page-failed':
        this.#waiting.get(message.id)?.reject(message.problem);
    }
    this.#waiting.delete(message.id);
  }

  #crashed(message: string): void {
    this.stop();
    this.#events.failed({ code: 'INTERNAL', message });
  }
}
