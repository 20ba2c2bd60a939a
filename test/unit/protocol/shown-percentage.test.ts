import { expect, test } from "vitest";
import { lastLineOf } from "../../../client/last-line.ts";
import { shownPercentage } from "../../../protocol/shown-percentage.ts";

/** The end of what each program wrote, as it was when it was asked. */
test.each([
  [
    "apt",
    38,
    "\r18% [Waiting for headers]\r                 \rGet:2 http://deb.debian.org rsync [498 kB]\r\n\r38% [2 rsync 141 kB/498 kB 28%]\r",
  ],
  [
    "apt on a terminal",
    45,
    "Setting up pv (1.6.20-1) ...\r\n\u001b7\u001b[24;0f\u001b[42m\u001b[30mProgress: [ 45%]\u001b[49m\u001b[39m [#########...........] \u001b8",
  ],
  ["dpkg", 35, "(Reading database ... \r(Reading database ... 5%\r(Reading database ... 35%"],
  [
    "dnf",
    62,
    "(2/3): nginx-1.26.2.rpm  12% [=    ] 1.2 MB/s | 300 kB  00:02 ETA\r(2/3): nginx-1.26.2.rpm  62% [===  ] 1.4 MB/s | 1.5 MB  00:01 ETA\r",
  ],
  [
    "rsync --progress",
    69,
    "big.bin\n\r         32,768   1%    0.00kB/s    0:00:00  \r      2,097,152  69%    1.96MB/s    0:00:00  ",
  ],
  ["rsync --info=progress2", 100, "\r      3,000,000 100%    1.00MB/s    0:00:02 (xfr#1, to-chk=0/1)"],
  [
    "wget to a file",
    98,
    "  2850K .......... .......... 97% 1.05G 0s\n  2900K .......... .......... .......... 98% 1.23G 0s\n",
  ],
  [
    "wget on a terminal",
    28,
    "\rbig.bin            14%[=>     ] 416.00K  2.00MB/s               \rbig.bin            28%[====>  ] 832.00K  2.00MB/s               ",
  ],
  ["curl -#", 8, "\r######                                                                     8.7%"],
  ["git", 91, "\rResolving deltas:  90% (7265/8072)\rResolving deltas:  91% (7346/8072)"],
  ["pv", 69, "\r2.00MiB 0:00:02 [1.01MiB/s] [======================>           ] 69% ETA 0:00:00"],
  ["tqdm, as pip's", 45, "\rnumpy:  45%|████▌     | 45/100 [00:45<00:55,  1.00it/s]"],
  ["cmake", 0, "[  0%] Building C object a.o\n"],
  ["a comma for the point", 12, "12,7 % is no form of it; fait : 12,7%"],
])("%s says how far it is", (_, percentage, output) => {
  expect(shownPercentage(lastLineOf(output))).toBe(percentage);
});

test.each([
  ["docker pull", "7264a8db6415: Downloading [=====>      ]  12.3MB/45.6MB\n"],
  ["dd", "2097152 bytes (2.1 MB, 2.0 MiB) copied, 1 s, 2.1 MB/s\r"],
  ["curl", "\r100 2929k  100 2929k    0     0   654M      0 --:--:-- --:--:-- --:--:--  715M"],
  ["df", "/dev/sda1        50G   20G   28G  42% /\ntmpfs           1.6G     0  1.6G   0% /run/user/0\n"],
  ["what came before", "\r 99%\rdone\n"],
  ["an earlier line", "[ 45%] Building C object a.o\nwarning: unused variable\n"],
  ["an address", "GET /a%20b/50%25.html\n"],
  ["more than all", "cpu 350%\n"],
  ["a difference", "load +5% -3%\n"],
  ["nothing", ""],
])("of %s nothing is made up", (_, output) => {
  expect(shownPercentage(lastLineOf(output))).toBeUndefined();
});
