/*
 * The store looks at itself in a forked child. A fork copies the tables of
 * all pages, which costs more than the look; a vfork shares them. The child
 * only reads and ends with _exit(), so that most of the looks may be so, and
 * the real thing is done now and then.
 */
#include <unistd.h>

#include "tests/disk/child.h"

bool child_shares;

#if defined(__x86_64__) && !defined(FOB_SANITIZED)
/* In assembly, since no frame of C outlives the return into the child. */
__asm__(".text\n"
	".globl fork\n"
	".type fork, @function\n"
	"fork:\n"
	"	endbr64\n"
	"	cmpb $0, child_shares(%rip)\n"
	"	jne 1f\n"
	"	jmp _Fork@PLT\n"
	"1:	jmp vfork@PLT\n"
	".size fork, .-fork\n");
#endif
