<?php

const TOLERANCE = 300; // seconds

// $rawBody: the bytes as they came. $header: the value of X-Webhook-Signature.
function verify(string $rawBody, string $header, string $secret): bool
{
    $t = '';
    $given = [];
    foreach (explode(',', $header) as $part) {
        [$name, $value] = explode('=', trim($part), 2) + ['', ''];
        if ($name === 't') {
            $t = $value;
        } elseif ($name === 'v1') {
            $given[] = $value;
        }
    }
    if (!preg_match('/^\d{1,12}$/D', $t) || abs(time() - (int) $t) > TOLERANCE) {
        return false;
    }
    $expected = hash_hmac('sha256', "$t.$rawBody", $secret);
    foreach ($given as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}
