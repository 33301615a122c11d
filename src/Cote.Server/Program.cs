using System.Net.Sockets;
using Cote;

try
{
    if (await CoteCommands.RunAsync(args, Console.In, Console.Out, Console.Error) is { } exitCode)
        return exitCode;
    await CoteHost.RunAsync(args);
    return 0;
}
// A port that is taken or not allowed, an address that is none: the framework's own words are sentences enough.
catch (Exception error) when (error is StartupException or IOException or SocketException or FormatException)
{
    Console.Error.WriteLine($"Cote cannot start: {error.Message}");
    return 1;
}
