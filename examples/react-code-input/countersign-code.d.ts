import type { CompleteEvent, CountersignCode, CountersignCodeAttributes } from 'countersign/code-input';
import type { DetailedHTMLProps, HTMLAttributes } from 'react';

type Html = Omit<DetailedHTMLProps<HTMLAttributes<CountersignCode>, CountersignCode>, keyof CountersignCodeAttributes>;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'countersign-code': Html &
        CountersignCodeAttributes & {
          // React hands every event of a custom element to the property of its name, as it is spelled.
          oncomplete?: (event: CompleteEvent) => void;
          onresend?: (event: CustomEvent<null>) => void;
        };
    }
  }
}
