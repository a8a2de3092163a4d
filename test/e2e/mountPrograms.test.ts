import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MountedRealm, whyNotMountable } from './mountSupport.ts';

/** A source tree of many kinds of things, made with a fixed time so that both copies of it are the same. */
const SOURCE = `
  mkdir -p src/deep/er src/empty; cd src
  for n in 1 2 3 4 5 6; do head -c $((n * 3000)) /dev/zero | tr '\\0' "$n" > deep/file$n; done
  echo '#!/bin/sh' > run; chmod 755 run; echo secret > own; chmod 600 own; : > deep/er/nothing
  ln -s deep/file1 link; ln -s /nowhere dangling; ln own own2
  find . -exec touch -h -d '2011-12-13 14:15:16Z' {} +; cd ..`;

/** Everything that a copy must keep, of every object. */
const DIGEST = `find . -not -name . \\( -type d -printf '%p %y %m\\n' -o -type l -printf '%p %y %l\\n' -o -printf '%p %y %m %s %n %T@\\n' \\) | sort; find . -type f | sort | xargs -d '\\n' cksum`;

/** Programs that people use, and what they are to do; each leaves what it made in its directory, and says the same. */
const programs: Readonly<Record<string, string>> = {
  cp: `${SOURCE}; cp -a src copy && cp -rp src/deep copy/again && cd copy && ${DIGEST}`,
  mv: `${SOURCE}; mkdir other; mv src/deep/file1 src/deep/file2 other; mv other/file1 src/deep/file3; mv src/deep/er other/er2; ${DIGEST}`,
  find: `${SOURCE}; find src -name 'file[2-4]' -size +7000c | sort; find src -empty | sort; find src -links 2 -type f | sort; find src -type l -exec readlink {} \\; | sort; find src -name 'file*' -delete; ${DIGEST}`,
  tar: `${SOURCE}; tar cf a.tar src; mkdir x; cd x; tar xpf ../a.tar; tar df ../a.tar && echo same; cd src && ${DIGEST}`,
  rsync: `${SOURCE}; rsync -aH src/ there; rsync -aHi src/ there; echo more >> src/deep/file1; rsync -aHi src/ there | grep -c '^>f'; cd there; ls -R; cat deep/file1 | cksum`,
  git: `export GIT_CONFIG_GLOBAL=$PWD/config GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2011-12-13T14:15:16Z' GIT_COMMITTER_DATE='2011-12-13T14:15:16Z'
    git config --global user.name jan; git config --global user.email jan@test.realm; git config --global init.defaultBranch main
    git init -q one; cd one; echo a > a; mkdir d; echo b > d/b; git add .; git commit -qm first; cd ..
    git clone -q one two; cd two; echo c >> a; git mv d/b d/c; git commit -qam second; git fsck --strict; git status --short; git log --format=%H`,
  sqlite3: `printf '%s;\\n' 'create table t(a integer primary key, b text)' 'begin' "insert into t(b) values ('one'),('two')" 'commit' "update t set b = b || '!'" 'create index i on t(b)' 'pragma integrity_check' 'select * from t' | sqlite3 db; sqlite3 db 'delete from t where a = 1; vacuum; select count(*) from t'; ls`,
  make: `printf 'int two(void) { return 2; }\\n' > two.c; printf '#include <stdio.h>\\nint two(void);\\nint main(void) { printf("%%d\\\\n", two()); return 0; }\\n' > main.c
    printf 'all: prog\\nprog: main.o two.o\\n\\tcc -o $@ $^\\n' > Makefile; make -s && ./prog && make -q && echo up to date; touch -d 'now + 2 seconds' two.c; make -q || echo to be made again`,
  vim: `printf 'one\\ntwo\\n' > text; vim -Nu NONE -es -c '%s/two/three/' -c 'wq' text; cat text; ls -A`,
  emacs: `printf 'one\\ntwo\\n' > text; emacs -Q --batch text --eval '(progn (goto-char (point-max)) (insert "three\\n") (save-buffer))' 2>/dev/null; cat text; ls -A`,
  dd: `seq 1 100000 > a; dd if=a of=a conv=notrunc bs=1000 skip=7 seek=3 count=5 2>/dev/null; truncate -s 500001 a; cksum a; truncate -s 10 a; cat a; echo x >> a; cat a`,
};
describe.skipIf(whyNotMountable !== undefined)('programs on a mounted venus', () => {
  let mounted: MountedRealm;
  let local: string;
  beforeAll(async () => {
    mounted = await MountedRealm.start();
    local = mkdtempSync(join(tmpdir(), 'coda-local-'));
  });
  afterAll(async () => {
    await mounted.end();
    rmSync(local, { recursive: true, force: true });
  });

  for (const [program, script] of Object.entries(programs)) {
    const isThere = spawnSync('which', [program]).status === 0;
    if (!isThere) process.stderr.write(`${program} is not installed: it is not tried on a mount\n`);
    it.runIf(isThere)(`${program} does what it does on a local disk`, { timeout: 60_000 }, async () => {
      for (const place of [local, mounted.root]) mkdirSync(join(place, program));
      const env = { LC_ALL: 'C', LOGNAME: 'jan' };
      const [here, there] = [
        await mounted.shell(script, join(local, program), { env }),
        await mounted.shell(script, join(mounted.root, program), { env }),
      ];
      expect(there).toEqual(here);
      expect(here.stdout).not.toBe('');
    });
  }
});
