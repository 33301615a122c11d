using System.Data.Common;
using System.Net.Sockets;
using Cote.Media;

namespace Cote.Admin;

/// <summary>Failures of commands that an operator may meet, as sentences; any other is a bug.</summary>
static class CommandFailures
{
    /// <summary>The sentence of a failure, or null.</summary>
    public static string? SentenceOf(Exception failure) => failure switch
    {
        StartupException => failure.Message,
        ProblemException { Problem: var problem } => problem.Sentence,
        IOException full when Disk.IsFull(full) => "The disk is full.",
        UnauthorizedAccessException => $"{failure.Message.TrimEnd('.')}: this user has no right to it.",
        DbException or IOException or SocketException or TimeoutException => failure.Message,
        _ => null,
    };
}
