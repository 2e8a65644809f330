// SPDX-License-Identifier: GPL-2.0
/*
 * native - what a pair takes on this processor, not on an emulated one
 *
 * The instructions of each read side's fast path, in user space, on memory of
 * its own: a loop of them less the same loop without, medians of many turns.
 * OFFSET is that of the nesting count in task_struct; what counts is where it
 * lies in a cache line, and in a page. The per-CPU and per-task base is in a
 * register, as in the kernel's own loops.
 *
 * usage: native OFFSET
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define LOOPS	1000000
#define TURNS	21

static double ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* %1: the task's two fields, %2: an SRCU domain's pointer and two counters. */
#define SIDE(name, body)							\
static double name(char *task, char *srcu)					\
{										\
	double start = ns();							\
	long n = LOOPS;								\
										\
	asm volatile(".balign 64\n"						\
		     "1:\n"							\
		     body							\
		     "dec %0\n"							\
		     "jnz 1b\n"							\
		     "9:\n"							\
		     : "+r" (n) : "r" (task), "r" (srcu)			\
		     : "rax", "memory", "cc");					\
	return (ns() - start) / LOOPS;						\
}

SIDE(empty, "")
/* The guard; then as it was with ownership remembered at lock. */
SIDE(guard, "incl (%1)\n" "decl (%1)\n" "cmpl $0, 4(%1)\n" "jne 9f\n")
SIDE(guard_owner, "mov 4(%1), %%eax\n" "incl (%1)\n"
		  "decl (%1)\n" "jnz 2f\n" "cmpl $0, 4(%1)\n" "jne 9f\n" "2:\n")
/* One access to both fields: fewer instructions. */
SIDE(guard_wide_look, "incl (%1)\n" "decl (%1)\n" "cmpq $0, (%1)\n" "jne 9f\n")
SIDE(guard_wide, "incq (%1)\n" "decq (%1)\n" "jnz 9f\n")
SIDE(srcu_fast, "mov (%2), %%rax\n" "incq 8(%2)\n" "incq 16(%2)\n")
SIDE(sched, "incl 32(%2)\n" "decl 32(%2)\n" "jz 9f\n")

static const struct {
	const char *name;
	double (*loop)(char *task, char *srcu);
} sides[] = {
	{ "empty", empty },
	{ "guard", guard },
	{ "guard_owner", guard_owner },
	{ "guard_wide_look", guard_wide_look },
	{ "guard_wide", guard_wide },
	{ "srcu_fast", srcu_fast },
	{ "sched", sched },
};

#define SIDES	(sizeof(sides) / sizeof(sides[0]))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long offset = argc > 1 ? strtol(argv[1], NULL, 0) : 0x9bc;
	struct {
		const char *where;
		long at;
	} places[] = {
		{ "kernel", 8192 + offset % 64 },
		{ "one_line", 8192 },
		{ "two_pages", 8192 - 4 },
	};
	double samples[SIDES][TURNS];
	char *mem = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	memset(mem, 0, 1 << 16);
	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		/* Not down to 0: the count of the loop that never sleeps. */
		*(int *)(mem + 32768 + 32) = 1;
		for (int turn = 0; turn < TURNS; turn++)
			for (size_t s = 0; s < SIDES; s++)
				samples[s][turn] = sides[s].loop(mem + places[p].at, mem + 32768);
		for (size_t s = 0; s < SIDES; s++)
			qsort(samples[s], TURNS, sizeof(double), compare);
		for (size_t s = 1; s < SIDES; s++)
			printf("native side=%s place=%s ns=%.3f\n", sides[s].name, places[p].where,
			       samples[s][TURNS / 2] - samples[0][TURNS / 2]);
	}
	return 0;
}
