// SPDX-License-Identifier: GPL-2.0

//! The kernel's tracepoints of sched, irq, ipi, rcu and workqueue.
//!
//! Names, arguments and prototypes are those of `include/trace/events/`; a line that is at odds
//! with the kernel at hand does not compile. Tracepoints that another version declares differently
//! get a type of their own in `tracepoint_glue/prototypes.h`, where all that is known of versions
//! is.
//!
//! All of sched.h, and of the others what a scheduler probe may want.

#![allow(unreachable_pub)]

use super::{
    args::{
        CpuId,
        Deadline,
        Function,
        Gone,
        Resched,
        Softirq,
        Task,
        TaskState,
        UnsignedCpuId, //
    },
    declare::tracepoints,
    prototypes::pool_workqueue,
};
use kernel::{
    bindings::*,
    cpumask::Cpumask,
    ffi::c_void, //
};

type Text = super::args::Text<'static>;

tracepoints! {
    in crate::tracepoint_glue::prototypes;

    // sched.h: what becomes of tasks.
    sched_switch(preempt: bool, prev: Task, next: Task, prev_state: TaskState)
        atomic "__schedule() holds the rq lock";
    sched_waking(p: Task)
        atomic "try_to_wake_up() holds p->pi_lock, or, waking itself, has preemption off";
    sched_wakeup(p: Task)
        atomic "ttwu_do_wakeup() is called with the rq lock, p->pi_lock or preemption off";
    sched_wakeup_new(p: Task) atomic "wake_up_new_task() holds the rq lock";
    sched_migrate_task(p: Task, dest_cpu: CpuId)
        atomic "set_task_cpu() is called with p->pi_lock or the rq lock";
    sched_pi_setprio(tsk: Task, pi_task: Option<Task>)
        atomic "rt_mutex_setprio() holds the rq lock";
    sched_wait_task(p: Task) atomic "wait_task_inactive() holds the rq lock";
    sched_process_fork(parent: Task, child: Task);
    sched_prepare_exec(task: Task, bprm: *mut linux_binprm);
    sched_process_exec(p: Task, old_pid: i32, bprm: *mut linux_binprm);
    sched_process_exit(p: Task, group_dead: bool);
    sched_process_wait(pid: *mut pid);
    sched_process_free(p: Task);
    sched_process_hang(tsk: Task) if CONFIG_DETECT_HUNG_TASK;

    // sched.h: times, in nanoseconds.
    sched_stat_runtime(tsk: Task, runtime: u64) atomic "update_curr() is called with the rq lock";
    sched_stat_wait(tsk: Task, delay: u64)
        atomic "__update_stats_wait_end() is called with the rq lock" if CONFIG_SCHEDSTATS;
    sched_stat_sleep(tsk: Task, delay: u64)
        atomic "__update_stats_enqueue_sleeper() is called with the rq lock" if CONFIG_SCHEDSTATS;
    sched_stat_iowait(tsk: Task, delay: u64)
        atomic "__update_stats_enqueue_sleeper() is called with the rq lock" if CONFIG_SCHEDSTATS;
    sched_stat_blocked(tsk: Task, delay: u64)
        atomic "__update_stats_enqueue_sleeper() is called with the rq lock" if CONFIG_SCHEDSTATS;

    // sched.h: NUMA balancing.
    sched_move_numa(tsk: Task, src_cpu: CpuId, dst_cpu: Option<CpuId>) if CONFIG_NUMA_BALANCING;
    sched_stick_numa(
        src_tsk: Task, src_cpu: CpuId, dst_tsk: Option<Task>, dst_cpu: Option<CpuId>,
    ) if CONFIG_NUMA_BALANCING;
    sched_swap_numa(
        src_tsk: Task, src_cpu: CpuId, dst_tsk: Option<Task>, dst_cpu: Option<CpuId>,
    ) if CONFIG_NUMA_BALANCING;
    sched_skip_vma_numa(mm: *mut mm_struct, vma: *mut vm_area_struct, reason: u32)
        if CONFIG_NUMA_BALANCING;
    sched_skip_cpuset_numa(tsk: Task, mems_allowed: *mut nodemask_t) if CONFIG_NUMA_BALANCING;

    // sched.h: kthreads.
    sched_kthread_stop(t: Task);
    sched_kthread_stop_ret(ret: i32);
    sched_kthread_work_queue_work(worker: *mut kthread_worker, work: *mut kthread_work);
    sched_kthread_work_execute_start(work: *mut kthread_work);
    sched_kthread_work_execute_end(
        work: Gone<kthread_work>,
        function: Function<kthread_work_func_t>,
    );

    // sched.h: the bare ones, which have no event in tracefs.
    sched_entry_tp(preempt: bool) atomic "__schedule() has preemption off";
    sched_exit_tp(is_switch: bool) atomic "__schedule() and schedule_tail() have preemption off";
    sched_set_state_tp(tsk: Task, state: i32);
    sched_set_need_resched_tp(tsk: Task, cpu: CpuId, tif: Resched);
    sched_update_nr_running_tp(rq: *mut rq, change: i32)
        atomic "add_nr_running() is called with the rq lock";
    sched_wake_idle_without_ipi(cpu: CpuId);
    sched_cpu_capacity_tp(rq: *mut rq);
    sched_overutilized_tp(rd: *mut root_domain, overutilized: bool);
    sched_util_est_cfs_tp(cfs_rq: *mut cfs_rq)
        atomic "util_est_enqueue() is called with the rq lock";
    sched_util_est_se_tp(se: *mut sched_entity)
        atomic "util_est_update() is called with the rq lock";
    sched_compute_energy_tp(
        p: Task, dst_cpu: Option<CpuId>, energy: usize, max_util: usize, busy_time: usize,
    );
    sched_dl_throttle_tp(dl_se: *mut sched_dl_entity, cpu: CpuId, kind: Deadline)
        atomic "the callers in kernel/sched/deadline.c hold the rq lock";
    sched_dl_replenish_tp(dl_se: *mut sched_dl_entity, cpu: CpuId, kind: Deadline)
        atomic "the callers in kernel/sched/deadline.c hold the rq lock";
    sched_dl_update_tp(dl_se: *mut sched_dl_entity, cpu: CpuId, kind: Deadline)
        atomic "the callers in kernel/sched/deadline.c hold the rq lock";
    sched_dl_server_start_tp(dl_se: *mut sched_dl_entity, cpu: CpuId, kind: Deadline)
        atomic "the callers in kernel/sched/deadline.c hold the rq lock";
    sched_dl_server_stop_tp(dl_se: *mut sched_dl_entity, cpu: CpuId, kind: Deadline)
        atomic "the callers in kernel/sched/deadline.c hold the rq lock";
    pelt_cfs_tp(cfs_rq: *mut cfs_rq) atomic "load is tracked with the rq lock";
    pelt_rt_tp(rq: *mut rq) atomic "load is tracked with the rq lock";
    pelt_dl_tp(rq: *mut rq) atomic "load is tracked with the rq lock";
    pelt_hw_tp(rq: *mut rq) atomic "load is tracked with the rq lock";
    pelt_irq_tp(rq: *mut rq) atomic "load is tracked with the rq lock";
    pelt_se_tp(se: *mut sched_entity)
        atomic "load is tracked with the rq lock or p->pi_lock, or in finish_task_switch()";

    // irq.h
    irq_handler_entry(irq: i32, action: *mut irqaction)
        atomic "__handle_irq_event_percpu() runs in a hard interrupt";
    irq_handler_exit(irq: i32, action: *mut irqaction, ret: i32)
        atomic "__handle_irq_event_percpu() runs in a hard interrupt";
    softirq_entry(vec: Softirq);
    softirq_exit(vec: Softirq);
    softirq_raise(vec: Softirq)
        atomic "__raise_softirq_irqoff() has interrupts off, as have those who wake ktimers";

    // ipi.h
    ipi_send_cpu(cpu: UnsignedCpuId, callsite: usize, callback: *mut c_void);
    ipi_send_cpumask(mask: Cpumask, callsite: usize, callback: *mut c_void);

    // rcu.h
    rcu_utilization(s: Text);
    rcu_stall_warning(rcuname: Text, msg: Text);
    rcu_grace_period(rcuname: Text, gp_seq: usize, gpevent: Text) if CONFIG_RCU_TRACE;
    rcu_future_grace_period(
        rcuname: Text, gp_seq: usize, gp_seq_req: usize,
        level: u8, grplo: i32, grphi: i32, gpevent: Text,
    ) if CONFIG_RCU_TRACE;
    rcu_exp_grace_period(rcuname: Text, gpseq: usize, gpevent: Text) if CONFIG_RCU_TRACE;
    rcu_preempt_task(rcuname: Text, pid: i32, gp_seq: usize) if CONFIG_RCU_TRACE;
    rcu_unlock_preempted_task(rcuname: Text, gp_seq: usize, pid: i32) if CONFIG_RCU_TRACE;
    rcu_quiescent_state_report(
        rcuname: Text, gp_seq: usize, mask: usize, qsmask: usize,
        level: u8, grplo: i32, grphi: i32, gp_tasks: i32,
    ) if CONFIG_RCU_TRACE;

    // workqueue.h. The CPU may be WORK_CPU_UNBOUND, which is none.
    workqueue_queue_work(req_cpu: i32, pwq: *mut pool_workqueue, work: *mut work_struct)
        atomic "__queue_work() has interrupts off";
    workqueue_activate_work(work: *mut work_struct) atomic "its callers hold the pool's lock";
    workqueue_execute_start(work: *mut work_struct);
    workqueue_execute_end(work: Gone<work_struct>, function: Function<work_func_t>);
}
