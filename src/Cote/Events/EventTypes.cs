namespace Cote.Events;

/// <summary>
/// The types of frames. The durable ones stand in the database under these names: they may never change.
/// </summary>
static class EventTypes
{
    public const string Message = "message";
    public const string MessageStatus = "message.status";
    public const string MessageDeleted = "message.deleted";
    public const string MessageFeedback = "message.feedback";
    public const string MessageWaiting = "message.waiting";
    public const string ChatCreated = "chat.created";
    public const string ChatUpdated = "chat.updated";
    public const string ChatDeleted = "chat.deleted";
    public const string ChatPath = "chat.path";

    public const string Ready = "ready";
    public const string Reset = "reset";
    public const string Snapshot = "message.snapshot";
    public const string Delta = "message.delta";
    public const string Part = "message.part";
    public const string PartDelta = "message.part.delta";
    public const string Typing = "typing";
    public const string Ping = "ping";
    public const string Pong = "pong";
    public const string Error = "error";
}
