import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MountedRealm, whyNotMountable } from './mountSupport.ts';
import { TestRealm, run, until } from './support.ts';

describe.skipIf(whyNotMountable !== undefined)('a mounted venus', () => {
  let mounted: MountedRealm;
  beforeAll(async () => {
    mounted = await MountedRealm.start();
  });
  afterAll(() => mounted.end());
  const at = (...names: readonly string[]) => join(mounted.root, ...names);

  it('shows what the tools put there, and the other way round', async () => {
    await mounted.realm.ok('coda', ['put', '-', 'from-tool'], { input: 'by the tool\n' });
    expect(readFileSync(at('from-tool'), 'utf8')).toBe('by the tool\n');
    writeFileSync(at('from-mount'), 'by the mount\n');
    expect(await mounted.realm.ok('coda', ['cat', 'from-mount'])).toBe('by the mount\n');
    await mounted.realm.ok('coda', ['put', '-', 'from-mount'], { input: 'changed\n' });
    await until(() => readFileSync(at('from-mount'), 'utf8') === 'changed\n');
  });

  it('keeps modes, times, links and names of any bytes', async () => {
    const script = `
      set -e; mkdir keeps; cd keeps; umask 022
      echo one > a; chmod 640 a; touch -d '2001-02-03 04:05:06.789Z' a; ln a b; ln -s a c; touch -h -d '2002-01-01Z' c
      n=$(printf 'x\\377y'); echo raw > "$n"; cat "$n"
      stat -c '%n %a %h %s %.3Y %F' a b c; readlink c; test a -ef b
      echo two >> b; cat a; ls | od -An -c`;
    expect((await mounted.shell(script)).stdout).toBe(
      [
        'raw',
        'a 640 2 4 981173106.789 regular file',
        'b 640 2 4 981173106.789 regular file',
        'c 777 1 1 1009843200.000 symbolic link',
        'a',
        'one\ntwo',
        '   a  \\n   b  \\n   c  \\n   x 377   y  \\n\n',
      ].join('\n'),
    );
  });

  it('reads what was written before it is closed, and stores it at the close', async () => {
    // A child that has inherited the descriptor and ends closes it, too; that is not the close of who writes.
    const script = `python3 -c "
import subprocess, sys
f = open('open', 'w'); f.write('early'); f.flush()
print(open('open').read(), flush=True)
subprocess.run(['/bin/true'], close_fds=False, pass_fds=[f.fileno()])
subprocess.run(['coda', 'cat', 'open'], close_fds=False, pass_fds=[f.fileno()])
f.close(); print('closed', flush=True)
subprocess.run(['coda', 'cat', 'open'])"`;
    const env = { PATH: `${join(import.meta.dirname, '../../bin')}:${process.env['PATH'] ?? ''}` };
    expect((await mounted.shell(script, mounted.root, { env })).stdout).toBe('early\nclosed\nearly');
  });

  it('goes on with a file that was removed or renamed while it is open', async () => {
    const script = `
      echo kept > gone; exec 3<> gone; rm gone; cat <&3; echo more >&3; ls gone; exec 3>&-
      exec 4> old; echo new contents >&4; mv old new; exec 4>&-; cat new; ls old`;
    const { stdout, stderr } = await mounted.shell(script);
    expect(stdout).toBe('kept\nnew contents\n');
    expect(stderr.match(/No such file/g)).toHaveLength(2);
  });

  it('lists a directory with many entries, each once', () => {
    mkdirSync(at('many'));
    const names = Array.from({ length: 60 }, (_, number) => `${'long-name-'.repeat(12)}${number}`);
    for (const name of names) writeFileSync(at('many', name), '');
    expect(readdirSync(at('many')).sort()).toEqual([...names].sort());
  });

  it('tells at the close that the quota is used up', async () => {
    await mounted.realm.ok('coda', ['realm', 'volume', 'create', 'small', '--quota', '8']);
    await mounted.realm.ok('cfs', ['mkmount', 'small', 'small']);
    const { status, stderr } = await mounted.shell('head -c 100000 /dev/zero > small/big');
    expect(stderr).toMatch(/quota|No space/);
    expect(status).not.toBe(0);
    expect((await mounted.shell('df -k --output=size small | tail -1')).stdout.trim()).toBe('8');
  });

  it('asks venus who may do what, by the uid of who asks', async () => {
    mkdirSync(at('private'));
    writeFileSync(at('private', 'secret'), 'secret\n');
    await mounted.realm.ok('cfs', ['sa', 'private', 'System:AnyUser', 'none']);
    const nobody = await mounted.shell('setpriv --reuid 65534 --clear-groups cat private/secret');
    expect(nobody.stderr).toContain('Permission denied');
    const other = await mounted.shell('setpriv --reuid 65534 --clear-groups touch mine');
    expect(other.stderr).toContain('Permission denied');
    await mounted.realm.login('jan', 65534);
    const again = await mounted.shell('setpriv --reuid 65534 --clear-groups cat private/secret');
    expect(again.stdout).toBe('secret\n');
  });

  it('maps files into memory', async () => {
    const script = `python3 -c "
import mmap
open('map','wb').write(b'a' * 10000)
f = open('map','r+b'); m = mmap.mmap(f.fileno(), 0); m[5000:5003] = b'XYZ'; m.flush(); m.close(); f.close()
print(open('map','rb').read().count(b'a'))"; coda cat map | tr -d a`;
    const env = { PATH: `${join(import.meta.dirname, '../../bin')}:${process.env['PATH'] ?? ''}` };
    expect((await mounted.shell(script, mounted.root, { env })).stdout).toBe('9997\nXYZ');
  });

  it('serves the tools by pioctl files in its root', async () => {
    const venus = ['--venus', `mount:${mounted.directory}`];
    mkdirSync(at('tools'));
    const listed = await mounted.realm.ok('cfs', [...venus, 'la', '.'], { cwd: at('tools') });
    expect(listed).toMatch(/System:Administrators\s+rlidwka/);
    await mounted.realm.ok('cfs', [...venus, 'sa', at('tools'), 'System:AnyUser', 'rl']);
    const failed = await mounted.realm.run('cfs', [...venus, 'la', at('nothing')]);
    expect(failed.stderr).toContain('No such file or directory');
    expect(readdirSync(mounted.directory)).toEqual(['test.realm']);
  });

  it('leads the tools to what has no pioctl, for its owner alone', async () => {
    const venus = ['--venus', `mount:${mounted.directory}`];
    const { realm } = mounted;
    const { stdout } = await realm.run('clog', [...venus, 'jan@test.realm'], { input: 'janjan\n' });
    expect(stdout).toBe('');
    expect(await realm.ok('ctokens', venus)).toContain('jan@test.realm'.slice(4));
    expect(await realm.ok('coda', [...venus, 'realm', 'user', 'list'])).toContain('jan');
    expect(JSON.parse(await realm.ok('coda', [...venus, 'status', '--json']))).toMatchObject({
      failures: [],
    });
    expect(await realm.ok('cfs', [...venus, 'listvol', mounted.root])).toContain('ReadWrite');
    // As another user, of whom venus is not.
    const coda = join(import.meta.dirname, '../../bin/coda');
    const script = `process.setuid(65534); process.argv.splice(1, 0, '${coda}'); require('${coda}')`;
    const words = ['-e', script, '--', ...venus, 'realm', 'user', 'list'];
    const other = await run(process.execPath, words, { env: realm.env });
    expect(other.stderr).toContain('only for the owner of the venus that is mounted here');
  });

  it('runs a pioctl when its file is opened to be read, for who wrote it, and once', async () => {
    const file = join(mounted.directory, '...PIOCTL.0000abcd');
    const request = '2\n11\n1\n0\n2048\n\0/test.realm';
    writeFileSync(file, request);
    const other = await mounted.shell(`setpriv --reuid 65534 --clear-groups cat ${file}`);
    expect(other.stderr).toContain('Permission denied');
    expect(readFileSync(file, 'latin1')).toMatch(/^0\n\d+\n\0\d+\n/);
    // The name is for another request now.
    expect(() => readFileSync(file)).toThrow('EIO');
    for (const [bad, errno] of [
      ['', 'EIO'],
      ['2\n10\n', 'EIO'],
      ['256\n1\n1\n0\n0\n\0/', 'EINVAL'],
      ['2\n99\n1\n0\n0\n\0/', 'EINVAL'],
      ['2\n1\n1\n5\n0\n\0/', 'EFAULT'],
      ['2\n8\n1\n0\n2048\n\0/nowhere', 'ENOENT'],
    ] as const) {
      writeFileSync(file, bad);
      expect(() => readFileSync(file), JSON.stringify(bad)).toThrow(errno);
    }
  });

  it('survives venus, and venus survives it', async () => {
    writeFileSync(at('lasting'), 'before\n');
    await mounted.realm.down();
    expect(() => readFileSync(at('lasting'))).toThrow('ETIMEDOUT');
    await mounted.realm.up();
    await until(() => existsSync(at('lasting')));
    appendFileSync(at('lasting'), 'after\n');
    expect(readFileSync(at('lasting'), 'utf8')).toBe('before\nafter\n');
    await mounted.realm.ok('coda', ['umount', mounted.directory]);
    const pid = await mounted.mount();
    process.kill(pid, 'SIGKILL');
    await until(() => !canLook(mounted.directory));
    expect(await mounted.realm.ok('coda', ['cat', 'lasting'])).toBe('before\nafter\n');
    await mounted.mount();
    expect(readFileSync(at('lasting'), 'utf8')).toBe('before\nafter\n');
  });

  it('is mounted once, and unmounted when nothing in it is in use', async () => {
    const twice = await mounted.realm.run('coda', ['mount', mounted.directory]);
    expect(twice.stderr).toContain('a Coda is mounted there already');
    const busy = await mounted.shell(`exec 3< ${mounted.root}; coda umount ${mounted.directory}`, '/', {
      env: { PATH: `${join(import.meta.dirname, '../../bin')}:${process.env['PATH'] ?? ''}` },
    });
    expect(busy.stderr).toContain('something in it is in use');
    await mounted.realm.ok('coda', ['umount', mounted.directory]);
    expect(readdirSync(mounted.directory)).toEqual([]);
    const nothing = await mounted.realm.run('coda', ['umount', mounted.directory]);
    expect(nothing.stderr).toContain('no Coda of coda mount is mounted there');
    await mounted.mount();
  });
});

it('coda mount says what is missing', async () => {
  const realm = await TestRealm.start();
  try {
    const programs = join(realm.directory, 'programs');
    mkdirSync(programs);
    symlinkSync(process.execPath, join(programs, 'node'));
    const { stderr, status } = await realm.run('coda', ['mount', realm.directory], {
      env: { PATH: programs },
    });
    expect(stderr).toMatch(whyNotMountable === undefined ? /mount: there is no such program/ : /FUSE|root/);
    expect(status).not.toBe(0);
  } finally {
    await realm.end();
  }
});

function canLook(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
