#!/usr/lib/virtme-ng/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# virtme-ng's virtme-run, with one more mount in its initramfs. virtme-ng
# mounts the root without a cache, so that each page of each program is
# fetched anew: under emulation half of the boot. /usr never changes while we
# run, so it may be cached; virtme.sh exports it once more, as "usr". Here
# and not later, because the guest's init already lives there. The modules
# and their build tree, mounted below it, come along.

import sys

from virtme import mkinitramfs
from virtme.commands.run import main

mkinitramfs._MOUNT_ROOT_HOST += """
log 'mounting /usr'
if ! /bin/mount -n -t 9p -o ro,version=9p2000.L,trans=virtio,access=any,msize=512000,cache=loose usr /newroot/usr; then
  echo "Failed to mount /usr.  We are stuck."
  exit 1
fi
"""

sys.argv[0] = "virtme-run"
sys.exit(main())
