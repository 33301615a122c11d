using System.Text.Json.Serialization;

namespace Cote.Admin;

/// <summary>A tool call that has no outcome yet.</summary>
/// <param name="Name">The tool; null for one of a client's own.</param>
/// <param name="Source"><c>server</c>, <c>client</c>, or <c>mcp:</c> with the name of the server.</param>
/// <param name="State">As in the part of its message.</param>
sealed record OpenCall(
    string CallId, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Source,
    string State);

/// <summary>A reply that has not ended, and what holds it. It has no text of the chat.</summary>
/// <param name="State"><c>queued</c>, <c>running</c> or <c>waiting</c>.</param>
/// <param name="AskedAt">When its question was sent.</param>
/// <param name="Attempt">How often it was begun.</param>
/// <param name="Takeovers">How many of its nodes were lost.</param>
/// <param name="WaitsFor">One of <see cref="Holds"/>; null where its text comes.</param>
/// <param name="Until">When the model is called again, or the wait for an answer ends.</param>
/// <param name="Fault">Of a retry: what the last call failed by.</param>
/// <param name="Node">The node that holds it.</param>
/// <param name="LeaseUntil">Until when, if it is not renewed.</param>
/// <param name="HeartbeatAge">How long ago the node renewed its lease, in seconds.</param>
/// <param name="CallAt">When the model was called.</param>
/// <param name="Length">How long its text is, in bytes of UTF-8, as it was written last.</param>
/// <param name="ShownAt">When text of it came last; null where none did, and of another node's.</param>
/// <param name="StopRequested">Whether it is to stop.</param>
/// <param name="ToolCalls">Its calls that have no outcome yet.</param>
sealed record OpenReply(
    string Id, string ChatId, string UserId, string Username, string State, string Model, Timestamp AskedAt,
    long Attempt, long Takeovers, string? WaitsFor, Timestamp? Until, string? Fault, string? Node,
    Timestamp? LeaseUntil, double? HeartbeatAge, Timestamp? CallAt, long Length, Timestamp? ShownAt,
    bool StopRequested, IReadOnlyList<OpenCall> ToolCalls);

/// <summary>What holds a reply.</summary>
static class Holds
{
    /// <summary>Another reply of its chat comes first.</summary>
    public const string Turn = "turn";

    /// <summary>No node has a slot for it, or it is about to be claimed.</summary>
    public const string Slot = "slot";

    /// <summary>Its node gave it back or was lost, and the next one takes it up.</summary>
    public const string Node = "node";

    /// <summary>Its prompt is being made: uploads are read, tools are listed.</summary>
    public const string Prompt = "prompt";

    /// <summary>Its model is called, and has said nothing yet.</summary>
    public const string Model = "model";

    /// <summary>The call of its model failed, and is made again.</summary>
    public const string Retry = "retry";

    /// <summary>A tool is being called.</summary>
    public const string Tool = "tool";

    /// <summary>A person is to allow a call.</summary>
    public const string Approval = "approval";

    /// <summary>A client is to answer a call of its own tool.</summary>
    public const string Client = "client";

    public static readonly string[] All = [Turn, Slot, Node, Prompt, Model, Retry, Tool, Approval, Client];
}
