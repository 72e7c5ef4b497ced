/** The example application, as files of a folder. Its own module, so that only who asks for it loads it. */
const texts = import.meta.glob<string>('../../../examples/bookings/supabase/**/*.{sql,psql}', {
  query: '?raw',
  import: 'default',
  eager: true,
});

export const name = 'bookings';

export const files = Object.entries(texts).map(([path, text]) => ({
  path: path.slice(path.indexOf('/bookings/') + '/bookings/'.length),
  text,
}));
