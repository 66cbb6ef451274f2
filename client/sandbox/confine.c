#include "client/sandbox/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "proto/base.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

static int limit(int resource, rlim_t value, rlim_t most)
{
	struct rlimit bound = { value, most };

	return setrlimit((__rlimit_resource_t)resource, &bound) == 0 ? 0 :
								       -errno;
}

#if defined(FOB_SANITIZED) || !defined(ARCH)

static int filter(unsigned int flags UNUSED)
{
	return 0;
}

#else

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL_ALL SECCOMP_RET_KILL_PROCESS
#define KILL BPF_STMT(BPF_RET | BPF_K, KILL_ALL)
#define REFUSE (SECCOMP_RET_ERRNO | EACCES)
#define ALLOW_CALL(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), ALLOW

/*
 * Memory may be mapped and given back but never made executable: protection
 * is the third argument, its low half comes first on the machines above.
 */
#define ALLOW_NO_EXEC(nr)                                                    \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 4), LOAD(args[2]),      \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), KILL, \
		ALLOW

/* What is done once in a process wakes those who wait for it: nobody here. */
#define ALLOW_WAKE                                                             \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 4), LOAD(args[1]),   \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FUTEX_WAKE_PRIVATE, 1, 0), \
		KILL, ALLOW

#define ANSWER_CALL(nr, answer)                          \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, (answer))

/* The kernel looks at the low halves only, of what these two arguments are. */
#define ONLY(field, value) \
	LOAD(field), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 1, 0), KILL

static int filter(unsigned int flags)
{
	bool lenient = flags & CONFINE_LENIENT;
	bool speaking = flags & CONFINE_SPEAKING;
	uint32_t spoken = speaking ? SECCOMP_RET_ALLOW : KILL_ALL;
	uint32_t refused = speaking ? REFUSE : KILL_ALL;
	struct sock_filter code[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		KILL,
		LOAD(nr),
		ALLOW_CALL(SYS_read),
		ALLOW_CALL(SYS_write),
		ALLOW_CALL(SYS_brk),
		ALLOW_CALL(SYS_munmap),
		ALLOW_CALL(SYS_mremap),
		ALLOW_CALL(SYS_madvise),
		ALLOW_CALL(SYS_exit),
		ALLOW_CALL(SYS_exit_group),
		ALLOW_CALL(SYS_rt_sigreturn),
		ALLOW_CALL(SYS_getrandom),     /* malloc of glibc */
		ALLOW_CALL(SYS_clock_gettime), /* where it is no vdso's */
		ALLOW_CALL(SYS_sysinfo),       /* qsort of glibc */
		ANSWER_CALL(SYS_openat, lenient ? REFUSE : KILL_ALL),
		ANSWER_CALL(SYS_sendto, spoken),
		ANSWER_CALL(SYS_recvfrom, spoken),
		ANSWER_CALL(SYS_ppoll, spoken),
#ifdef SYS_poll
		ANSWER_CALL(SYS_poll, spoken),
#endif
		ANSWER_CALL(SYS_pselect6, spoken),
		ANSWER_CALL(SYS_close, spoken),
		ANSWER_CALL(SYS_getpid, spoken),
		ANSWER_CALL(SYS_mlock, spoken),
		ANSWER_CALL(SYS_munlock, spoken),
		ANSWER_CALL(SYS_fcntl, refused),
		ANSWER_CALL(SYS_ioctl, refused),
		ANSWER_CALL(SYS_fstat, refused),
		ANSWER_CALL(SYS_newfstatat, refused),
		ALLOW_WAKE,
		ALLOW_NO_EXEC(SYS_mmap),
		ALLOW_NO_EXEC(SYS_mprotect),
		/* Of limits only this process's own, and only of memory. */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 1, 0),
		KILL,
		ONLY(args[0], 0),
		ONLY(args[1], RLIMIT_AS),
		ALLOW,
	};
	struct sock_fprog program = { (unsigned short)ARRAY_SIZE(code), code };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return 0;
	/* A kernel without it leaves us with the limits alone. */
	return errno == EINVAL ? 0 : -errno;
}

#endif

int confine(unsigned int flags)
{
	int r = limit(RLIMIT_CPU, CONFINE_SECONDS, CONFINE_SECONDS);
#ifndef FOB_SANITIZED
	rlim_t more = flags & CONFINE_RAISABLE ? CONFINE_MEMORY_KDF : 0;
#endif

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
#ifndef FOB_SANITIZED
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -errno;
	if (r == 0)
		r = limit(RLIMIT_CORE, 0, 0);
	if (r == 0)
		r = limit(RLIMIT_AS, CONFINE_MEMORY, CONFINE_MEMORY + more);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, 3, 3);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, 0, 0);
#endif
	return r < 0 ? r : filter(flags);
}

/* The soft limit moves, below a hard one that confine() has set. */
static void set_memory(uint64_t bytes)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_AS, &now) != 0 || now.rlim_cur == RLIM_INFINITY)
		return;
	now.rlim_cur = bytes < now.rlim_max ? bytes : now.rlim_max;
	(void)setrlimit(RLIMIT_AS, &now);
}

void confine_raise(uint64_t bytes)
{
	if (bytes > CONFINE_MEMORY_KDF)
		bytes = CONFINE_MEMORY_KDF;
	set_memory(CONFINE_MEMORY + bytes);
}

void confine_lower(void)
{
	set_memory(CONFINE_MEMORY);
}
