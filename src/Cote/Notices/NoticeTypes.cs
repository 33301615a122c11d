namespace Cote.Notices;

/// <summary>
/// What webhooks are told of. The names stand in the database and at receivers: they may never change.
/// </summary>
static class NoticeTypes
{
    public const string ReplyEnded = "reply.ended";
    public const string ReplyWaiting = "reply.waiting";
    public const string MessageSent = "message.sent";
    public const string ChatDeleted = "chat.deleted";
    public const string UserCreated = "user.created";
    public const string UserErased = "user.erased";
    public const string BudgetReached = "budget.reached";

    public static readonly IReadOnlyList<string> All =
        [ReplyEnded, ReplyWaiting, MessageSent, ChatDeleted, UserCreated, UserErased, BudgetReached];
}
